import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { type Environment, eventually, start } from '../support/process.js'
import { createProject, listening, type Migrations, type Project, type Service } from '../support/project.js'

const token = 'open-sesame-4711'
const bearer = { authorization: `Bearer ${token}` }
const api = fileURLToPath(new URL('../support/songs-api.ts', import.meta.url))

const first: Migrations = {
  '001_songs':
    'create table songs (id int generated always as identity primary key, title text not null, artist text)',
}

/** A build of the API: what it has of the migrations folder when it starts is what it has. */
async function deploy(t: Test, { root, env }: Project, more: Environment): Promise<Service> {
  const running = start(t, [], {
    cwd: root,
    env: {
      ...env,
      NODE_OPTIONS: `--import ${import.meta.resolve('tsx')}`,
      HEALTH_TOKEN: token,
      VERIFY_INTERVAL: '500ms',
      ...more,
    },
    entry: api,
  })
  return listening(running)
}

interface Load {
  readonly answered: () => number
  readonly failed: () => number
  /** Songs that were acknowledged. */
  readonly written: () => number
  readonly stop: () => Promise<void>
}

/** Reads and writes without a pause, on some connections. */
function load(service: Service, connections = 3): Load {
  const counts = { answered: 0, failed: 0, written: 0 }
  const stopping = new AbortController()
  const base = String(service.log().find(({ what }) => what === '/health/schema')?.['address'])
  const request = async (method: 'GET' | 'POST'): Promise<void> => {
    const answer = await fetch(`${base}/songs`, { method }).then(
      async ({ ok, body }) => ({ ok, end: await body?.cancel() }),
      () => ({ ok: false }),
    )
    counts[answer.ok ? 'answered' : 'failed'] += 1
    if (answer.ok && method === 'POST') counts.written += 1
  }
  const worker = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await request('POST')
      await request('GET')
    }
  }
  const workers = Array.from({ length: connections }, worker)
  return {
    answered: () => counts.answered,
    failed: () => counts.failed,
    written: () => counts.written,
    stop: async () => {
      stopping.abort()
      await Promise.all(workers)
    },
  }
}

const more = async (what: string, { answered, failed }: Load): Promise<void> => {
  const before = answered() + failed()
  await eventually(`200 more requests on ${what}`, { look: () => answered() + failed() >= before + 200 })
}

const schemaOf = async (service: Service, headers = {}) =>
  JSON.parse((await service.ask('/health/schema', headers)).text)
const ready = async (service: Service) => (await service.ask('/health/ready')).status

/** Starts the next build, and holds it up in the middle of its migration, while the old one has its load. */
async function roll(t: Test, project: Project, next: { migration: string; columns: string }) {
  const old = await deploy(t, project, { COLUMNS: 'title,artist' })
  const onOld = load(old)
  await more('the old build', onOld)
  const goOn = await project.block()
  await project.rebuild({ '002_next': ['select pg_advisory_xact_lock(1)', next.migration] })
  const starting = deploy(t, project, { COLUMNS: next.columns })
  await eventually('the new build migrates', {
    look: async () => (await project.query(waiting)).length > 0,
  })
  await more('the old build', onOld)
  t.equal(onOld.failed(), 0, 'the old build served all the while')
  t.equal(await ready(old), 200, 'and is ready')
  await goOn()
  const fresh = await starting
  return { old, onOld, fresh, since: performance.now() }
}

const waiting = `select from pg_locks where locktype = 'advisory' and not granted
  and database = (select oid from pg_database where datname = current_database())`

t.test('a change that only adds: not one request fails on either build', async (t) => {
  const project = await createProject(t, first)
  const { old, onOld, fresh } = await roll(t, project, {
    migration:
      "alter table songs add genre text not null default 'none'; create table albums (id int primary key)",
    columns: 'title,genre',
  })
  const onFresh = load(fresh)
  await eventually('the old build says that it is behind the times', {
    look: async () => (await schemaOf(old)).revision.position === 'ahead',
  })
  await Promise.all([more('the old build', onOld), more('the new build', onFresh)])
  t.match(await schemaOf(old), {
    status: 'warn',
    notes: [`${additions}.`],
    revision: { current: '002_next', head: '001_songs', position: 'ahead', unknown: ['002_next'] },
  })
  t.match(await schemaOf(old, bearer), { notes: [`${additions} ${added}.`] })
  t.strictSame([await ready(old), await ready(fresh)], [200, 200], 'both are ready')
  t.match(await schemaOf(fresh), { status: 'pass', notes: [] })
  await Promise.all([onOld.stop(), onFresh.stop()])
  t.strictSame([onOld.failed(), onFresh.failed()], [0, 0], 'not one request failed')
  const [row] = await project.query('select count(*)::int as songs from songs')
  t.equal(row?.['songs'], onOld.written() + onFresh.written(), 'what was acknowledged is there')
  t.comment(`requests: ${onOld.answered()} on the old build, ${onFresh.answered()} on the new one; failed: 0`)

  await project.rebuild({ '002_next': null })
  const released = await project.run('migrate')
  t.equal(
    project.plain(released.stdout),
    'app@db:5432/songs is ahead, at 002_next. Applied: 0. Verified: 1 table, 3 columns, 1 constraint.\n',
  )
  t.ok(released.stderr.includes(`! warning     ${additions} ${added}.\n`))
  t.equal(released.exit, 0, 'the release phase of a rollback succeeds')
})

const additions =
  'the database is 1 revision ahead of this build; nothing known breaks it. Newer: 002_next. ' +
  'New to this build: 1 table, 2 columns, 1 constraint'
const added = '(table:public.albums, column:public.albums.id, constraint:public.albums.albums_pkey, 1 more)'

const removals =
  'the database is 1 revision ahead of this build, and what changed breaks it. Newer: 002_next. ' +
  '1 difference of consequence'
const removed = 'missing column:public.songs.artist (queries that name it fail)'

t.test('a change that takes away: the old build says so and goes on, the new one serves', async (t) => {
  const project = await createProject(t, first)
  const { old, onOld, fresh, since } = await roll(t, project, {
    migration: 'alter table songs drop artist',
    columns: 'title',
  })
  const onFresh = load(fresh)
  await eventually('the old build says so', { look: async () => (await schemaOf(old)).status === 'fail' })
  const after = performance.now() - since
  await onOld.stop()
  await more('the new build', onFresh)
  t.match(await schemaOf(old), { status: 'fail', notes: [`${removals}.`] })
  t.match(await schemaOf(old, bearer), { status: 'fail', notes: [`${removals}: ${removed}.`] })
  t.strictSame(
    old.log().flatMap(({ event, level, msg }) => (event === 'decided' && level === 40 ? [msg] : [])),
    [`${removals}: ${removed}. A start would refuse; this process goes on serving.`],
    'the log says it once',
  )
  t.equal((await old.ask('/health/live')).status, 200)
  t.strictSame([await ready(old), await ready(fresh)], [200, 200], 'requests that do not need it go on')
  await onFresh.stop()
  t.equal(onFresh.failed(), 0, 'not one request failed on the new build')
  t.comment(
    `said ${Math.round(after)} ms after the new build listened, VERIFY_INTERVAL is 500 ms; ` +
      `on the old build ${onOld.answered()} requests answered, ${onOld.failed()} failed after the change; ` +
      `on the new one ${onFresh.answered()} and 0`,
  )

  await project.rebuild({ '002_next': null })
  const released = await project.run('migrate')
  t.equal(released.exit, 5, 'the release phase of a rollback fails')
  t.ok(
    project.plain(released.stderr)
      .endsWith(`SCHEMA_AHEAD: the database is 1 revision ahead of this build, and what changed breaks it. Nothing was applied.

  database      app@db:5432/songs  (environment production)
  current       002_next
  head          001_songs
  unknown       002_next
  differences   missing column:public.songs.artist  (breaks: queries that name it fail)
                    expected  type text, nullable true

Do one of:
  deploy the newer build   the one that has these revisions
  ON_AHEAD=warn            start anyway
  schemagate verify        lists every difference with expected and actual
`),
    released.stderr,
  )

  await project.query('alter table songs add artist text')
  await eventually('the old build is content again', {
    look: async () => (await schemaOf(old)).status === 'warn',
  })
})
