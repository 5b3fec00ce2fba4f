import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import knexFactory, { type Knex } from 'knex'
import t, { type Test } from 'tap'
import {
  createIndexSafely,
  dropColumnIfExists,
  dropConstraintIfExists,
  dropIndexIfExists,
  dropTableIfExists,
  ensureColumn,
  ensureConstraint,
  ensureIndex,
  ensureTable,
  inBatches,
  setNotNullSafely,
} from '../../src/migrations/index.js'
import { buildOnce } from '../support/build.js'
import { createDatabase, query } from '../support/database.js'
import { run } from '../support/process.js'

t.jobs = 2

async function connect(t: Test, sql: string): Promise<Knex> {
  const url = await createDatabase(t)
  const knex = knexFactory({ client: 'pg', connection: url, pool: { min: 1, max: 1 } })
  t.teardown(() => knex.destroy())
  await knex.raw(sql)
  return knex
}

const outcomeOf = (run: PromiseLike<unknown>): Promise<string> =>
  Promise.resolve(run).then(String, (error: unknown) =>
    error instanceof Error ? error.message : String(error),
  )

const tables = `create table bands (id serial primary key, name text);
  create table songs (id serial primary key, title text not null default 'none', band_id int references bands,
    rating int check (rating > 0), tags text[]);
  create index songs_title on songs (lower(title)) where rating is not null;
  create unique index songs_rating on songs (rating);
  create view best as select 1 as one;
  create schema app; create table app.songs (id int)`

/** What a helper says to what is there, inside a transaction and outside of one. */
const helperCases: Readonly<
  Record<string, readonly [run: (knex: Knex) => PromiseLike<unknown>, says: string | RegExp]>
> = {
  'the same table': [
    (knex) =>
      ensureTable(knex, 'bands', (table) => {
        table.increments()
        table.text('name')
      }),
    'there',
  ],
  'a table with one column less': [
    (knex) =>
      ensureTable(knex, 'bands', (table) => {
        table.increments()
      }),
    'table bands exists, and is another one.\n  wanted  nothing else\n  exists  name text',
  ],
  'a table with another type': [
    (knex) =>
      ensureTable(knex, 'bands', (table) => {
        table.increments()
        table.string('name', 40).notNullable()
      }),
    'table bands exists, and is another one.\n  wanted  name character varying(40) not null\n  exists  name text',
  ],
  'a new table': [
    (knex) =>
      ensureTable(knex, 'plays', (table) => {
        table.increments()
      }),
    'made',
  ],
  'a new table in another schema': [
    (knex) =>
      ensureTable(knex, 'app.plays', (table) => {
        table.integer('id').index()
      }),
    'made',
  ],
  'the same table in another schema': [
    (knex) =>
      ensureTable(knex, 'app.songs', (table) => {
        table.integer('id')
      }),
    'there',
  ],
  'a view instead of a table': [
    (knex) =>
      ensureTable(knex, 'best', (table) => {
        table.increments()
      }),
    'best is a view, and no table',
  ],
  'the same column': [
    (knex) => ensureColumn(knex, 'songs', 'title', `text not null default 'none'`),
    'there',
  ],
  'the same column by the builder': [
    (knex) =>
      ensureColumn(knex, 'songs', 'title', (table) => {
        table.text('title').notNullable().defaultTo('none')
      }),
    'there',
  ],
  'the same column with its foreign key': [
    (knex) => ensureColumn(knex, 'songs', 'band_id', 'int constraint songs_band_id_fkey references bands'),
    'there',
  ],
  'a column without the foreign key that is wanted': [
    (knex) => ensureColumn(knex, 'songs', 'rating', 'int references bands check (rating > 0)'),
    /^column rating of songs exists, and is another one\.\n {2}wanted {2}constraint songs_rating_fkey FOREIGN KEY \(rating\) REFERENCES bands\(id\)\n {2}exists {2}nothing else$/,
  ],
  'a column with another default': [
    (knex) => ensureColumn(knex, 'songs', 'title', `text not null default 'some'`),
    `column title of songs exists, and is another one.\n  wanted  title text not null default 'some'::text\n  exists  title text not null default 'none'::text`,
  ],
  'a new column': [(knex) => ensureColumn(knex, 'songs', 'year', 'int'), 'made'],
  'a column that the builder does not make': [
    (knex) =>
      ensureColumn(knex, 'songs', 'year', (table) => {
        table.integer('years')
      }),
    'column year of songs is not there after it was to be made: the definition is of something else',
  ],
  'a column of no table': [(knex) => ensureColumn(knex, 'sogns', 'year', 'int'), 'there is no table sogns'],
  'the same index': [
    (knex) => ensureIndex(knex, 'songs', 'songs_title', { on: '(lower(title)) where rating is not null' }),
    'there',
  ],
  'an index on something else': [
    (knex) => ensureIndex(knex, 'songs', 'songs_title', { on: '(title)' }),
    'index songs_title of songs exists, and is another one.\n  wanted  CREATE INDEX songs_title ON songs USING btree (title)\n  exists  CREATE INDEX songs_title ON songs USING btree (lower(title)) WHERE rating IS NOT NULL',
  ],
  'an index that is not unique': [
    (knex) =>
      ensureIndex(knex, 'songs', 'songs_rating', (table) => {
        table.index(['rating'], 'songs_rating')
      }),
    /wanted {2}CREATE INDEX songs_rating .*\n {2}exists {2}CREATE UNIQUE INDEX songs_rating/,
  ],
  'a new index with a question mark': [
    (knex) => ensureIndex(knex, 'songs', 'songs_tags', { on: `(id) where title ~ 'who?'` }),
    'made',
  ],
  'an index of another table': [
    (knex) => ensureIndex(knex, 'bands', 'songs_title', { on: '(name)' }),
    /relation "songs_title" already exists/,
  ],
  'the same constraint': [
    (knex) => ensureConstraint(knex, 'songs', 'songs_rating_check', 'check (rating > 0)'),
    'there',
  ],
  'another constraint': [
    (knex) => ensureConstraint(knex, 'songs', 'songs_rating_check', 'check (rating > 1)'),
    'constraint songs_rating_check of songs exists, and is another one.\n  wanted  constraint songs_rating_check CHECK (rating > 1)\n  exists  constraint songs_rating_check CHECK (rating > 0)',
  ],
  'a new constraint': [
    (knex) => ensureConstraint(knex, 'songs', 'songs_short', 'check (length(title) < 100)'),
    'made',
  ],
  'a table to drop': [(knex) => dropTableIfExists(knex, 'app.songs'), 'true'],
  'no table to drop': [(knex) => dropTableIfExists(knex, 'nothing'), 'false'],
  'a view to drop': [(knex) => dropTableIfExists(knex, 'best'), 'best is a view, and no table'],
  'a table that others need': [(knex) => dropTableIfExists(knex, 'bands'), /other objects depend on it/],
  'a column to drop': [(knex) => dropColumnIfExists(knex, 'songs', 'tags'), 'true'],
  'no column to drop': [(knex) => dropColumnIfExists(knex, 'songs', 'nothing'), 'false'],
  'a column of no table to drop': [
    (knex) => dropColumnIfExists(knex, 'sogns', 'tags'),
    'there is no table sogns',
  ],
  'an index to drop': [(knex) => dropIndexIfExists(knex, 'songs', 'songs_title'), 'true'],
  'the index of a constraint to drop': [
    (knex) => dropIndexIfExists(knex, 'songs', 'songs_pkey'),
    'songs_pkey of songs is no index: constraint songs_pkey PRIMARY KEY (id)',
  ],
  'a constraint to drop': [(knex) => dropConstraintIfExists(knex, 'songs', 'songs_rating_check'), 'true'],
  'an index as a constraint to drop': [
    (knex) => dropConstraintIfExists(knex, 'songs', 'songs_rating'),
    /^songs_rating of songs is no constraint: CREATE UNIQUE INDEX/,
  ],
}

t.test('what exists is compared by its definition', async (t) => {
  const knex = await connect(t, tables)
  const schemas = (): PromiseLike<unknown> => knex('pg_namespace').where('nspname', 'like', 'schemagate%')
  for (const [name, [run, says]] of Object.entries(helperCases)) {
    const transaction = await knex.transaction()
    const inside = await outcomeOf(run(transaction))
    await transaction.rollback()
    t.match(inside, says, `${name}: ${inside}`)
  }
  for (const [name, [run, says]] of Object.entries(helperCases).slice(0, 3))
    t.match(await outcomeOf(run(knex)), says, `${name}, outside a transaction`)
  t.same(await schemas(), [], 'nothing is left behind')
})

t.test('an index and NOT NULL without locks that others wait for', async (t) => {
  const knex = await connect(t, `${tables}; insert into songs (title, rating) values ('a', 1), ('b', null)`)
  const title = { on: '(title)', unique: true }
  t.equal(await createIndexSafely(knex, 'songs', 'songs_by_title', title), 'made')
  t.equal(await createIndexSafely(knex, 'songs', 'songs_by_title', title), 'there')
  t.match(
    await outcomeOf(createIndexSafely(knex, 'songs', 'songs_by_title', { on: '(title)' })),
    /wanted {2}CREATE INDEX songs_by_title .*\n {2}exists {2}CREATE UNIQUE INDEX songs_by_title/,
  )
  await knex.raw('drop index songs_by_title')
  await knex('songs').insert({ title: 'a' })
  t.match(
    await outcomeOf(createIndexSafely(knex, 'songs', 'songs_by_title', title)),
    /could not create unique index/,
  )
  t.match(
    await outcomeOf(ensureIndex(knex, 'songs', 'songs_by_title', title)),
    /exists {2}CREATE UNIQUE INDEX .* \(not valid\)$/,
  )
  await knex('songs').where({ title: 'a', rating: null }).del()
  t.equal(
    await createIndexSafely(knex, 'songs', 'songs_by_title', title),
    'made',
    'the invalid one is built again',
  )

  t.match(await outcomeOf(setNotNullSafely(knex, 'songs', 'rating')), /is violated by some row/)
  await knex('songs').whereNull('rating').update({ rating: 2 })
  t.equal(await setNotNullSafely(knex, 'songs', 'rating'), 'made')
  t.equal(await setNotNullSafely(knex, 'songs', 'rating'), 'there')
  t.match(await outcomeOf(setNotNullSafely(knex, 'songs', 'nothing')), 'there is no column nothing of songs')
  const { rows } = await knex.raw(`select conname from pg_constraint where conname like '%schemagate%'`)
  t.same(rows, [])
  await knex.transaction(async (transaction) => {
    t.match(
      await outcomeOf(createIndexSafely(transaction, 'songs', 'other', title)),
      /runs outside a transaction only/,
    )
    t.match(
      await outcomeOf(setNotNullSafely(transaction, 'songs', 'title')),
      /runs outside a transaction only/,
    )
  })
})

t.test('rows are gone through in batches', async (t) => {
  const knex = await connect(
    t,
    `create table plays (day date, number int, seen int not null default 0, primary key (day, number));
     insert into plays (day, number) select '2026-01-01'::date + n % 3, n from generate_series(1, 25) n`,
  )
  const progress: unknown[] = []
  const done = await inBatches(knex, 'plays', (rows) => rows.update({ seen: knex.raw('seen + 1') }), {
    size: 10,
    onProgress: ({ done }) => progress.push(done),
  })
  t.equal(done, 25)
  t.same(progress, [10, 20, 25])
  t.same(await knex('plays').distinct('seen'), [{ seen: 1 }])
  const failing = inBatches(
    knex,
    'plays',
    async (rows, transaction) => {
      await rows.update({ seen: 7 })
      if ((await transaction('plays').where({ seen: 7 })).length > 10) throw new Error('enough')
    },
    { size: 10 },
  )
  t.equal(await outcomeOf(failing), 'enough')
  t.equal((await knex('plays').where({ seen: 7 })).length, 10, 'what was committed stays')
  await knex.transaction(async (transaction) => {
    t.match(
      await outcomeOf(inBatches(transaction, 'plays', (rows) => rows.del())),
      /runs outside a transaction only/,
    )
  })
  await knex.raw('create table loose (id int)')
  t.match(await outcomeOf(inBatches(knex, 'loose', (rows) => rows.del())), 'table loose has no primary key')
})

const root = resolve(import.meta.dirname, '../..')

const another = `const { ensureColumn } = require('schemagate/migrations')
exports.up = (knex) => ensureColumn(knex, 'songs', 'title', 'varchar(10)')
exports.down = async () => {}\n`

t.test('plain Knex runs migrations that require them', async (t) => {
  const built = await buildOnce()
  const url = await createDatabase(t)
  const folder = t.testdir({
    'package.json': '{ "name": "songs" }',
    'knexfile.js': `module.exports = { client: 'pg', connection: ${JSON.stringify(url)},
      migrations: { loadExtensions: ['.js', '.mjs'] } }`,
    migrations: {
      '001_songs.js': `const { ensureTable, ensureColumn } = require('schemagate/migrations')
exports.up = async (knex) => {
  await ensureTable(knex, 'songs', (table) => { table.increments() })
  await ensureTable(knex, 'songs', (table) => { table.increments() })
  await ensureColumn(knex, 'songs', 'title', 'text')
}
exports.down = (knex) => knex.schema.dropTable('songs')\n`,
      '002_index.mjs': `import { createIndexSafely, inBatches, setNotNullSafely } from 'schemagate/migrations'
export const config = { transaction: false }
export const up = async (knex) => {
  await knex('songs').insert([{ title: null }, { title: 'b' }])
  await inBatches(knex, 'songs', (rows) => rows.whereNull('title').update({ title: 'a' }), { size: 1 })
  await setNotNullSafely(knex, 'songs', 'title')
  await createIndexSafely(knex, 'songs', 'songs_title', { on: '(title)', unique: true })
}
export const down = async () => {}\n`,
    },
  })
  await mkdir(join(folder, 'node_modules'))
  for (const name of ['knex', 'pg'])
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  await symlink(built, join(folder, 'node_modules', 'schemagate'))
  const runNode = async (entry: string, ...words: readonly string[]): Promise<string> => {
    const { stdout, stderr } = await run(t, words, { cwd: folder, env: { SCRATCH_DATABASE_URL: url }, entry })
    return stdout + stderr
  }
  const migrate = (): Promise<string> =>
    runNode(join(root, 'node_modules/knex/bin/cli.js'), 'migrate:latest', '--knexfile', 'knexfile.js')
  const text = await migrate()
  t.match(text, /Batch 1 run: 2 migrations/)
  t.notMatch(text, 'ExperimentalWarning')
  t.same(await query(url, 'select title from songs order by 1'), [{ title: 'a' }, { title: 'b' }])
  t.match(await runNode(join(built, 'dist/cli/main.js'), 'snapshot'), /schema\.snapshot\.json: 2 revisions/)
  await writeFile(join(folder, 'migrations/003_another.js'), another)
  t.match(
    await migrate(),
    /column title of songs exists, and is another one\.\n *wanted {2}title character varying\(10\)\n *exists {2}title text not null/,
  )
})
