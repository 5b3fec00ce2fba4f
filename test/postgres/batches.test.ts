import t from 'tap'
import { runHere } from '../support/command.js'
import { createRole } from '../support/database.js'
import { createProject } from '../support/project.js'

const concurrently = (name: string) => ({
  up: `create index concurrently ${name} on songs (id)`,
  transaction: false,
})

t.test('what one migrate applies is one batch to Knex, whatever its transactions are', async (t) => {
  for (const transaction of ['batch', 'each']) {
    const project = await createProject(t, {
      '001_songs': 'create table songs (id int)',
      '002_index': concurrently('songs_1'),
      '003_plays': 'create table plays (id int)',
      '004_likes': 'create table likes (id int)',
    })
    const env = { MIGRATION_TRANSACTION: transaction }
    t.match(await runHere(project, 'migrate', { env }), { exit: 0 })
    await project.rebuild({
      '005_index': concurrently('songs_2'),
      '006_moods': 'create table moods (id int)',
    })
    t.match(await runHere(project, 'migrate', { env }), { exit: 0 })
    t.strictSame(
      await project.query(
        'select batch, count(*)::int as revisions from knex_migrations group by 1 order by 1',
      ),
      [
        { batch: 1, revisions: 4 },
        { batch: 2, revisions: 2 },
      ],
      transaction,
    )
  }
})

t.test('a role that may not update the ledger of Knex migrates', async (t) => {
  const project = await createProject(t, {
    '001_songs': 'create table songs (id int)',
    '002_index': concurrently('songs_1'),
  })
  await project.migrate('001_songs')
  await project.rebuild({ '003_index': concurrently('songs_2'), '004_plays': 'create table plays (id int)' })
  const role = await createRole(t, project.url)
  const name = new URL(role).username
  await project.query(`grant create, usage on schema public to ${name};
    grant select, insert, delete on knex_migrations to ${name};
    grant all on knex_migrations_lock, schemagate_ledger to ${name};
    grant usage on all sequences in schema public to ${name};
    alter table songs owner to ${name}`)
  const migrated = await runHere(project, 'migrate', { env: { DATABASE_URL: role } })
  t.equal(migrated.exit, 0, migrated.text)
  t.strictSame(
    await project.query('select batch from knex_migrations order by id'),
    [1, 2, 3, 4].map((batch) => ({ batch })),
  )
})
