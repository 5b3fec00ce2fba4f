import pg from 'pg'
import t from 'tap'
import type { Progress } from '../../src/core/progress/events.js'
import { type Outcome, runHere } from '../support/command.js'
import { createProject, type Project } from '../support/project.js'
import { createProxy } from '../support/proxy.js'
import { createTrigger, cutCases, sessionsQuery, twoSteps, until, waitingTrigger } from './apply-cut-cases.js'

t.jobs = 2

const migrations = {
  '001_songs': `create table songs (id integer primary key, title text not null default '', plays integer);
    create index songs_title on songs (title); create unique index songs_plays on songs (plays)`,
}

/** With the changes that are to be undone. */
async function createDrifted(t: Parameters<typeof createProject>[0], changes: string): Promise<Project> {
  const project = await createProject(t, migrations)
  await project.migrate()
  await project.query(changes)
  return project
}

const eventsOf = async (project: Project): Promise<readonly unknown[]> =>
  (
    await project.query(
      `select event || ' ' || (detail -> 'statements' ->> 0) as event from schemagate_ledger
       where event in ('repairing', 'repaired') order by id`,
    )
  ).map(({ event }) => event)

t.test('verify --apply repairs step by step, keeps that in the ledger, and verifies again', async (t) => {
  const project = await createDrifted(
    t,
    'drop index songs_title; alter table songs alter title drop default, drop plays',
  )
  const protectedRun = await project.run('verify --apply --yes')
  t.equal(protectedRun.exit, 2)
  t.match(protectedRun.stderr, /SCHEMA_NOT_CONFIRMED: The environment "production" is protected/)
  t.match(protectedRun.stderr, /step 1 of 3: 2 statements in one transaction/)
  t.strictSame(await eventsOf(project), [])
  const applied = await project.run('verify --apply --confirm production --json')
  t.equal(applied.exit, 0, applied.stderr)
  t.match(JSON.parse(applied.stdout), { applied: 3, repair: { statements: [] } })
  t.match(applied.stderr, /repairing +step 2 of 3: CREATE (?:UNIQUE )?INDEX CONCURRENTLY/)
  t.match(await eventsOf(project), [
    /^repairing ALTER TABLE/,
    /^repaired ALTER TABLE/,
    /^repairing CREATE/,
    /^repaired CREATE/,
    /^repairing CREATE/,
    /^repaired CREATE/,
  ])
  t.equal((await project.run('verify')).exit, 0)
  const again = await project.run('verify --apply --confirm production')
  t.match(again, { exit: 0, stdout: /as promised/ })
})

t.test('a step that fails says what is done and what is not, and the next run does the rest', async (t) => {
  const project = await createDrifted(
    t,
    `drop index songs_plays; alter table songs alter title drop default;
     insert into songs values (1, 'a', 1), (2, 'b', 1)`,
  )
  const failed = await project.run('verify --apply --confirm production')
  t.equal(failed.exit, 7)
  t.match(
    failed.stderr,
    /SCHEMA_APPLY_FAILED: Step 2 of 2 failed\. It ran outside a transaction, and left an index that is invalid: public\.songs_plays\. The next run drops or rebuilds it\. What/,
  )
  t.match(failed.stderr, /done +step 1 of 2: ALTER TABLE/)
  t.match(failed.stderr, /not done +step 2 of 2: CREATE UNIQUE INDEX CONCURRENTLY/)
  t.notMatch(failed.stderr, /\(1\)/, 'no value of a row')
  await project.query('update songs set plays = id')
  const rest = await project.run('verify --apply --confirm production')
  t.equal(rest.exit, 0, rest.stderr)
})

t.test('an index that nothing was built of is not said to be left', async (t) => {
  const project = await createDrifted(t, 'drop index songs_title')
  // Rows that no scratch database has.
  await project.query(`insert into songs values (1, 'stop', 1);
    create function stop() returns event_trigger language plpgsql as $$ begin
      if exists (select from songs where title = 'stop') then raise 'stopped'; end if; end $$;
    create event trigger stop_${Date.now()} on ddl_command_start when tag in ('CREATE INDEX') execute function stop()`)
  const failed = await project.run('verify --apply --confirm production')
  t.equal(failed.exit, 7, failed.stdout)
  t.match(
    failed.stderr,
    /Step 1 of 1 failed\. It ran outside a transaction, and left no invalid index\. What/,
  )
})

t.test('a statement of several that fails is named, and nothing of its step is done', async (t) => {
  const project = await createDrifted(
    t,
    'alter table songs alter title drop default, drop plays; alter table songs add plays text',
  )
  await project.query(`insert into songs (id, title, plays) values (1, 'x', 'many')`)
  const failed = await project.run('verify --apply --confirm production')
  t.equal(failed.exit, 7)
  t.match(
    failed.stderr,
    /Step \d of \d failed\. Its transaction was rolled back[^]* statement +ALTER TABLE public\.songs ALTER COLUMN plays/,
  )
})

t.test('the undo is printed with its proof, and leads back', async (t) => {
  const project = await createDrifted(t, 'drop index songs_title; alter table songs drop plays')
  const undo = await project.run('verify --undo')
  t.equal(undo.exit, 4)
  t.match(undo.stdout, /^-- proven: run in a scratch database[^]*DROP INDEX[^]*DROP COLUMN plays;$/m)
  const before = await project.objects()
  const repair = await project.run('verify --sql')
  t.match(
    repair.stdout,
    /^-- {3}to undo it: 3 statements, which --undo proves and prints, but only before this has run$/m,
  )
  t.match(repair.stdout, /^-- {5}undoing it loses the values of public\.songs\.plays$/m)
  t.ok(await project.query(String(/ to watch it: (.+)$/m.exec(repair.stdout)?.[1])), 'it can be watched')
  // A step and what is said of it are a paragraph.
  const runScript = async (script: string): Promise<void> => {
    for (const step of script.split('\n\n')) await project.query(step)
  }
  await runScript(repair.stdout)
  t.equal((await project.run('verify')).exit, 0)
  await runScript(undo.stdout)
  t.strictSame(await project.objects(), before)
  t.match(await project.run('verify --undo --apply'), {
    exit: 2,
    stderr: /--undo prints what takes the SQL back/,
  })
})

t.test('SQL with a hazard that --allow does not name is refused', async (t) => {
  const project = await createDrifted(
    t,
    'drop index songs_title; alter table songs alter title drop not null',
  )
  const refused = await project.run('verify --sql --allow outside-a-transaction')
  t.equal(refused.exit, 4)
  t.equal(refused.stdout, '')
  t.match(refused.stderr, /SCHEMA_HAZARD_NOT_ALLOWED/)
  t.match(refused.stderr, /full-scan +reads all of public\.songs under a SHARE UPDATE EXCLUSIVE lock/)
  t.match(refused.stderr, /--allow outside-a-transaction,lock,full-scan,may-fail/)
  const allowed = await project.run('verify --sql --allow outside-a-transaction,full-scan,may-fail,lock')
  t.match(allowed, { exit: 4, stdout: /NOT NULL/ })
  const mistyped = await project.run('diff database snapshot --allow full-scam')
  t.match(mistyped, { exit: 2, stderr: /--allow names "full-scam", which is no hazard[^]*--allow full-scan/ })
})

t.test('diff --apply changes the configured database, and no other', async (t) => {
  const project = await createDrifted(t, 'alter table songs drop title')
  t.match(await runHere(project, `diff ${project.url} snapshot --apply --confirm production`), {
    exit: 2,
    text: /FROM is not the configured database/,
  })
  await project.query('create table extra (id integer)')
  const applied = await runHere(project, 'diff database snapshot --apply --confirm production')
  t.equal(applied.exit, 0, applied.text)
  t.match(applied.text, /No difference/)
})

t.test('SQL that was not run first is not applied', async (t) => {
  const project = await createDrifted(t, 'drop index songs_title')
  const result = await project.run('verify --apply --confirm production', {
    SCRATCH_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
  })
  t.match(result, { exit: 2, stderr: /SCHEMA_SCRATCH_UNAVAILABLE: The SQL could not be run/ })
  t.strictSame(await eventsOf(project), [])
})

for (const { name, tag = 'ALTER TABLE', act, env = {}, ...expected } of cutCases)
  t.test(`applying and ${name}: what is done is said and kept`, async (t) => {
    const project = await createDrifted(t, twoSteps)
    await project.query(waitingTrigger)
    await project.query(createTrigger(tag))
    const letGo = await project.block()
    const reader = new pg.Client({ connectionString: project.url })
    await reader.connect()
    // A build that is concurrent waits for it.
    if (tag === 'DROP TABLE') await reader.query('begin isolation level repeatable read; select 1')
    const proxy = await createProxy(t, project.url, { keep: false })
    await proxy.mend()
    const controller = new AbortController()
    const events: Progress[] = []
    const running: Promise<Outcome> = runHere(project, 'verify --apply --confirm production', {
      env: { DATABASE_URL: proxy.url, ...env },
      signal: controller.signal,
      onEvent: (progress) => void events.push(progress),
    })
    const isAt = async (): Promise<boolean> =>
      tag === 'DROP TABLE' || (await project.query(sessionsQuery('runs'))).length > 0
    await until(isAt)
    const end = (which: 'runs' | 'pings'): Promise<unknown> =>
      project.query(sessionsQuery(which).replace('select pid', 'select pg_terminate_backend(pid)'))
    const told = (): Promise<void> =>
      until(async () => events.some(({ event }) => event === 'repair running'))
    await act({ project, letGo, end, told, cut: proxy.cut, stop: () => controller.abort() })
    const { exit, text } = await running
    await letGo()
    await reader.end()
    t.equal(exit, expected.exit, text)
    t.match(text, expected.text)
    const recorded = await project.query(
      `select event || ' ' || (detail -> 'statements' ->> 0) || coalesce(' ' || error, '') as event
       from schemagate_ledger where detail ? 'statements' order by id`,
    )
    t.match(
      recorded.map(({ event }) => event),
      expected.events,
    )
    t.equal(recorded.length, expected.events.length)
    if (exit === 9)
      t.match(
        events.filter(({ event }) => event === 'repair running'),
        [{ doing: /waits for an advisory lock, held by pid/ }],
      )
  })
