import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { isRecord } from '../../src/core/text/is-record.js'
import { createProject, type Project } from '../support/project.js'

const migrations = {
  '001_songs': `create extension citext; create function f() returns trigger language plpgsql as 'begin return new; end';
    create table songs (id integer generated always as identity (sequence name song_numbers) primary key,
      title text constraint titled not null, above integer references songs);
    create table plays (id integer) partition by list (id); create table plays_1 partition of plays for values in (1);
    create trigger counted before insert on plays for each row execute function f();
    alter table songs disable trigger all; alter table plays_1 disable trigger counted;
    do $$ begin execute format('alter database %I set work_mem = 8192', current_database()); end $$`,
  '002_more': 'alter table songs alter title type varchar(20), add year integer',
}

const factsOfFormat3 = [
  'identitySequence',
  'identityUnlogged',
  'notNullName',
  'checkTriggers',
  'actionTriggers',
  'onPartitions',
]

/** The snapshot as format 2 has it: without the facts and kinds of today, and with a rule on a view of an extension. */
async function writeFormat2({ root, read }: Project): Promise<void> {
  const snapshot: unknown = JSON.parse(
    await read('migrations/schema.snapshot.json'),
    (key, value: unknown) => {
      if (!isRecord(value) || Array.isArray(value)) return factsOfFormat3.includes(key) ? undefined : value
      if (key !== 'changes') return value
      const kept = Object.entries(value).filter(([name]) => !name.includes('_setting:'))
      return Object.fromEntries([
        ...kept,
        ['rule:public.ext_view.quiet', { definition: 'CREATE RULE quiet …', enabled: 'enabled' }],
      ])
    },
  )
  if (!isRecord(snapshot)) throw new Error('The snapshot is no record.')
  await writeFile(
    join(root, 'migrations/schema.snapshot.json'),
    JSON.stringify({ ...snapshot, schemagate: 2 }),
  )
}

t.test('a snapshot of the format before verifies what it says, and nothing else', async (t) => {
  const project = await createProject(t, migrations)
  await writeFormat2(project)
  for (const command of ['migrate', 'check', 'verify', 'snapshot --check']) {
    const { exit, stdout, stderr } = await project.run(command)
    t.equal(exit, 0, `${command}: ${stdout} ${stderr}`)
  }
  await project.query('alter table songs alter title drop not null, drop year')
  const drifted = await project.run('verify')
  t.equal(drifted.exit, 4)
  t.match(drifted.stdout, /changed column:public\.songs\.title\n {4}nullable/)
  t.match(drifted.stdout, /missing column:public\.songs\.year/)
  t.notMatch(drifted.stdout, /notNullName|Triggers|rule:/)

  await project.rebuild({})
  t.match(await project.read('migrations/schema.snapshot.json'), /"schemagate": 3/)
  await project.query('alter table songs enable trigger all')
  t.match((await project.run('verify')).stdout, /checkTriggers/)
})
