import { join } from 'node:path'
import knex from 'knex'
import t from 'tap'
import { runHere } from '../support/command.js'
import { createDatabase } from '../support/database.js'
import { createProject, type Project } from '../support/project.js'

const songs = 'create table songs (id int default 1, made_at timestamptz default now())'
const appFunction =
  'create schema app; create function app.now() returns timestamptz language sql as $$ select null::timestamptz $$'

/** Runs all migrations by the migrator of plain Knex: one batch, one transaction. */
async function migrateAtOnce({ root }: Project, url: string): Promise<void> {
  const plain = knex({ client: 'pg', connection: url })
  try {
    await plain.migrate.latest({ directory: join(root, 'migrations') })
  } finally {
    await plain.destroy()
  }
}

t.test('a migration leaves a search_path, with which the next resolves a function differently', async (t) => {
  const migrations = {
    '001_dump': { up: `${appFunction}; set search_path = public, app, pg_catalog`, down: 'select' },
    '002_songs': { up: songs, down: 'select' },
  }
  const project = await createProject(t, migrations, { snapshot: false })
  const plainUrl = await createDatabase(t)
  await migrateAtOnce(project, plainUrl)
  t.match(await runHere(project, 'snapshot'), {
    exit: 0,
    text: /so never compared:\n.*column:public\.songs\.made_at default {2}\(002_songs\)$/,
  })
  t.match(await runHere(project, 'check', { env: { DATABASE_URL: plainUrl } }), { exit: 0 })
  t.match(await runHere(project, 'migrate'), { exit: 0 })
  t.match(await runHere(project, 'verify'), { exit: 0 })
  const asPromised = await createProject(t, migrations)
  t.match(await runHere(asPromised, 'init'), { exit: 0 })
})

const others = {
  'with which no table can be made': `create schema app; select set_config('search_path', '', false)`,
  'with which a table is made elsewhere': `${appFunction}; set search_path = app, pg_catalog, public`,
}

for (const [name, dump] of Object.entries(others))
  t.test(`a migration leaves a search_path, ${name}`, async (t) => {
    const project = await createProject(t, { '001_dump': dump, '002_songs': songs })
    t.notMatch(await project.read('migrations/schema.snapshot.json'), /undetermined/)
    t.match(await runHere(project, 'migrate'), { exit: 0 })
    t.match(await runHere(project, 'verify'), { exit: 0, text: /2 columns.*as promised/ })
  })
