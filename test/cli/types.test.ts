import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect, isDeepStrictEqual } from 'node:util'
import knexFrom, { type Knex } from 'knex'
import pg from 'pg'
import { check as isFormatted } from 'prettier'
import t, { type Test } from 'tap'
import ts from 'typescript'
import { objectKey } from '../../src/core/model/catalog.js'
import { columnType } from '../../src/core/typegen/column-types.js'
import { renderTableTypes } from '../../src/core/typegen/table-types.js'
import { createDatabase, query } from '../support/database.js'
import { createProject, type Project } from '../support/project.js'

const style = {
  semi: false,
  singleQuote: true,
  printWidth: 110,
  trailingComma: 'all',
  parser: 'typescript',
} as const
const options = { head: '001_all', command: 'schemagate types', searchPath: ['public'] }
const tolerated: ReadonlySet<string> = new Set()
const file = 'knex-tables.d.ts'

/** Without the signatures that refuse missing columns, which are always the same. */
const tablesOf = (source: string): string => source.slice(0, source.indexOf('\n/** A query that names'))

t.test('a promise with common types', async (t) => {
  const source = renderTableTypes(
    {
      catalog: {
        'enum:public.mood': { labels: ['sad', 'ok'] },
        'domain:public.positive': { type: 'numeric(12,2)', nullable: false, default: '1' },
        'table:public.songs': {},
        'column:public.songs.id': { type: 'bigint', nullable: false, identity: 'always', $position: 1 },
        'column:public.songs.title': { type: 'character varying(200)', nullable: false, $position: 2 },
        'column:public.songs.mood': { type: 'public.mood', nullable: true, $position: 4 },
        'column:public.songs.moods': { type: 'public.mood[]', nullable: false, $position: 5 },
        'column:public.songs.price': { type: 'public.positive', nullable: true, $position: 6 },
        'column:public.songs.added': {
          type: 'timestamp(3) with time zone',
          nullable: false,
          default: 'now()',
          $position: 3,
        },
        'column:public.songs.token': { type: 'uuid', nullable: false },
        'column:public.songs.words': {
          type: 'integer',
          nullable: false,
          generated: 'stored: length(title)',
          $position: 7,
        },
        'column:public.songs.notes': { type: 'jsonb', nullable: true, $position: 8 },
        'column:public.songs.late': { type: 'text', nullable: false, valid: false, $position: 9 },
        'table:audit.songs': {},
        'column:audit.songs.song': { type: 'bigint', nullable: false, identity: 'by default' },
        'view:public.titles': {
          definition: 'select',
          columns: ['title text', '"other ""name""" numeric(12,2)[]'],
        },
        'materialized_view:public.totals': { definition: 'select', columns: ['total bigint'] },
        'view:public.unread': { definition: 'select' },
        'constraint:public.songs.songs_pkey': { type: 'primary key' },
      },
      undetermined: { 'column:public.songs.token': ['default'] },
      tolerated,
    },
    options,
  )
  t.equal(
    tablesOf(source),
    `// Made by \`schemagate types\` from the snapshot at head 001_all; do not edit.
import type { Knex } from 'knex'

/** A value that PostgreSQL computes. */
export type Sql = Knex.Raw | Knex.QueryBuilder

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** An object, or JSON text. Pass an array as JSON text: node-postgres sends it as a PostgreSQL array otherwise. */
export type JsonInput =
  | string
  | number
  | boolean
  | { readonly [key: string]: unknown }
  | (object & { readonly [Symbol.iterator]?: never; readonly [Symbol.toPrimitive]?: never })

export type Mood = 'sad' | 'ok'

export interface AuditSongsRow {
  song: string
}

export interface AuditSongsInsert {
  song?: bigint | number | string | Sql
}

export type AuditSongsUpdate = Partial<AuditSongsInsert>

export interface SongsRow {
  token: string
  id: string
  title: string
  added: Date
  mood: Mood | null
  moods: string
  price: string
  words: number
  notes: Json
  late: string | null
}

export interface SongsInsert {
  token?: string | Sql
  id?: never
  title: string | Sql
  added?: Date | string | Sql
  mood?: Mood | null | Sql
  moods: readonly (Mood | null)[] | string | Sql
  price?: bigint | number | string | Sql
  words?: never
  notes?: JsonInput | null | Sql
  late: string | Sql
}

export type SongsUpdate = Partial<SongsInsert>

export interface TitlesRow {
  title: string | null
  'other "name"': number[] | null
}

export interface TitlesInsert {
  title?: string | null | Sql
  'other "name"'?: readonly (bigint | number | string | null)[] | string | null | Sql
}

export type TitlesUpdate = Partial<TitlesInsert>

export interface TotalsRow {
  total: string | null
}

declare module 'knex/types/tables.js' {
  interface Tables {
    'audit.songs': Knex.CompositeTableType<AuditSongsRow, AuditSongsInsert, AuditSongsUpdate>
    songs: Knex.CompositeTableType<SongsRow, SongsInsert, SongsUpdate>
    titles: Knex.CompositeTableType<TitlesRow, TitlesInsert, TitlesUpdate>
    totals: Knex.CompositeTableType<TotalsRow, never, never>
  }
}
`,
  )
  t.ok(await isFormatted(source, style))
})

t.test(
  'names that TypeScript has, that are taken or that Knex cannot say; lines that are too long',
  async (t) => {
    const long = 'a_name_of_sixty_three_characters_which_is_as_long_as_any_can_be'
    const labels = [
      "it's",
      'a "b"',
      `'"`,
      '',
      'back\\slash\nline',
      ...Array.from({ length: 12 }, (_, at) => `label ${at}`),
    ]
    const integer = { type: 'integer', nullable: false }
    const columns = ['constructor', 'two words', '2nd', '$', "o'clock", 'größe', 'Row', long]
    const wide = { type: `public.${long}[]`, nullable: true }
    const tables = ['song', 'Song', 'a song', 'a_song', '2024', '!', 'größe', 'a.b', 'x as y', 'date', long]
    const source = renderTableTypes(
      {
        catalog: {
          ...Object.fromEntries(tables.map((name) => [objectKey('table', ['public', name]), {}])),
          [`table:app.${long}`]: {},
          'table:app.song': {},
          ...Object.fromEntries(
            columns.map((name) => [objectKey('column', ['public', 'song', name]), integer]),
          ),
          'column:public.song.wide': wide,
          'column:public.song.label': { type: 'public.json', nullable: false },
          [`column:public.song.${long}2`]: wide,
          'enum:public.json': { labels },
          'enum:public.date': { labels: ['a'] },
          'enum:public.none': { labels: [] },
          [`enum:public.${long}`]: { labels: [long, long] },
        },
        undetermined: {},
        tolerated,
      },
      { ...options, searchPath: ['app', 'public'] },
    )
    t.ok(await isFormatted(source, style))
    t.strictSame(diagnosticsOf(t.testdir({ [file]: source }), [file]), [])
    const entries = /interface Tables \{\n(.*?)\n  \}/s.exec(source)?.[1] ?? ''
    t.strictSame(
      entries.match(/^ {4}(?! )[^:}>]+/gm)?.map((entry) => entry.trim()),
      [
        long,
        'song',
        "'!'",
        "'2024'",
        'Song',
        "'a song'",
        'größe',
        `'public.${long}'`,
        'a_song',
        'date',
        "'public.song'",
      ],
      'of two tables of one name the one that the search path finds has it alone',
    )
  },
)

const created = `create table songs (id bigint generated always as identity primary key, title text not null, plays int,
    notes jsonb not null default '{}', added timestamptz not null default now(),
    words int generated always as (length(title)) stored);
  create schema audit;
  create table audit.events (id int primary key, song_id bigint references songs, at date);
  create view titles as select id, title from songs;
  create materialized view totals as select count(*) as total from songs`

t.test('types writes the file from the snapshot alone, and --check proves it', async (t) => {
  const project = await createProject(t, { '001_songs': created }, { snapshot: false })
  const nowhere = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing' }
  const missing = await project.run('types', nowhere)
  t.equal(missing.exit, 4)
  t.equal(
    project.plain(missing.stderr),
    `
SCHEMA_SNAPSHOT_STALE: There is no snapshot yet for 1 revision. Nothing was written.

  looked in   /songs/migrations
              /songs

Do one of:
  schemagate snapshot   makes it; commit it with the migrations
`,
  )
  await project.rebuild({})
  const none = await project.run('types --check', nowhere)
  t.strictSame(
    [none.exit, none.stderr],
    [
      4,
      `
SCHEMA_TYPES_STALE: There are no table types yet. Nothing was written.

  file   knex-tables.d.ts
  head   001_songs

Do one of:
  schemagate types   writes them again; commit the file
`,
    ],
  )
  const made = await project.run('types', nowhere)
  t.strictSame(made, {
    exit: 0,
    stdout: 'knex-tables.d.ts: 2 tables, 1 view, 1 materialized view\n',
    stderr: '',
  })
  const source = await project.read(file)
  t.match(source, '// Made by `schemagate types` from the snapshot at head 001_songs; do not edit.\n')
  t.equal((await project.run('types --out -', nowhere)).stdout, source)
  t.match(JSON.parse((await project.run('types --check --json', nowhere)).stdout), {
    file,
    head: '001_songs',
    counts: { table: 2, view: 1, materialized_view: 1 },
  })
  await writeFile(join(project.root, file), source.replaceAll('\n', '\r\n'))
  t.equal((await project.run('types --check')).exit, 0, 'Git may have changed the line ends')

  await project.rebuild({ '002_likes': 'alter table songs add column likes int not null' })
  const stale = await project.run('types --check')
  t.equal(stale.exit, 4)
  t.equal(
    stale.stderr,
    `
SCHEMA_TYPES_STALE: The table types do not match the snapshot. Nothing was written.

  file         knex-tables.d.ts
  head         002_likes
  difference   line 1
                 expected  // Made by \`schemagate types\` from the snapshot at head 002_likes; do not edit.
                 actual    // Made by \`schemagate types\` from the snapshot at head 001_songs; do not edit.

Do one of:
  schemagate types   writes them again; commit the file
`,
  )
  t.equal(
    (await project.run('types --out src/db/tables.ts')).stdout,
    'src/db/tables.ts: 2 tables, 1 view, 1 materialized view\n',
  )
  t.match(
    await project.read('src/db/tables.ts'),
    /^\/\/ Made by `schemagate types --out src\/db\/tables.ts`.*\n.*\n[^]*likes: number\n/,
  )
  t.equal((await project.run('types --check --out src/db/tables.ts')).exit, 0)
  const both = await project.run('types --check --out -')
  t.strictSame(
    [both.exit, both.stderr.split('\n')[1]],
    [2, 'SCHEMA_USAGE: --check compares a file, but --out - names no file. Nothing was done.'],
  )
  await project.write({ '003_more': 'create table more (id int)' })
  const behind = await project.run('types')
  t.match(behind, {
    exit: 4,
    stderr: /SCHEMA_SNAPSHOT_STALE: The snapshot was not made from these migrations/,
  })
})

/** Queries that compile. */
const good = `import type { Knex } from 'knex'
import type { SongsInsert, SongsRow, TitlesRow } from './knex-tables.js'
declare const knex: Knex
declare const dynamic: string
const both = ['id', 'title'] as const
export async function some(): Promise<Pick<SongsRow, 'id' | 'title'>[]> {
  return knex('songs').where('plays', '>', 3).orderBy('added', 'desc').select(...both)
}
export async function one(id: string): Promise<SongsRow | undefined> {
  return knex('songs').where({ id }).first()
}
export async function titles(): Promise<TitlesRow[]> {
  return knex('titles').whereNotNull('title')
}
export async function renamed(): Promise<{ name: string }[]> {
  return knex('songs').select({ name: 'title' }).orderBy('name')
}
export async function generic<Name extends keyof SongsRow>(name: Name, text: string): Promise<unknown> {
  return knex('songs').where(name, text).select(name)
}
export async function all(song: SongsInsert): Promise<void> {
  const [row] = await knex('songs').insert(song).returning(['id', 'added'])
  const at: Date | undefined = row?.added
  await knex('songs').insert({ title: 'a', notes: { a: [1] }, added: at ?? knex.fn.now() })
  await knex('songs').insert([{ title: knex.raw('?', ['a']), plays: null, notes: '[1]' }], '*')
  await knex('songs').insert({ title: 'a', plays: knex('songs').max('plays') }).onConflict('id').merge(['title'])
  await knex('songs').where('id', 5).update({ plays: knex.raw('plays + 1'), title: 'b' }, ['id'])
  await knex('songs').update('title', 'b').whereIn('id', knex('audit.events').select('song_id'))
  await knex('songs').increment('plays', 2)
  await knex('songs').where('songs.id', 5).del('id')
  await knex('songs').where((songs) => songs.where('id', 1).orWhereNull('plays'))
  await knex('songs').where(function () {
    void this.where('id', 1)
  })
  await knex('songs').where(dynamic, 1).where(\`\${dynamic}_at\`, 1).select(dynamic).orderBy(dynamic)
  await knex('songs').select('title as name', 'songs.id', 'songs.*').orderBy('name').groupBy('name')
  await knex('songs').select('title', knex.raw('count(*) as number')).groupBy('title').orderBy('number')
  await knex('songs').count('* as number').orderBy([{ column: 'number', order: 'desc' }])
  await knex('songs').count('id', { as: 'number' }).max({ most: 'plays' }).sum('plays as total').first()
  await knex('songs').distinct('title').orderBy(['title', { column: 'id', order: 'desc' }])
  await knex('songs').pluck('title')
  await knex('songs').join('audit.events', 'audit.events.song_id', 'songs.id').where('songs.title', 'a')
  await knex('songs').leftJoin('audit.events as e', 'e.song_id', '=', 'songs.id').select('e.whatever')
  await knex.with('recent', knex('songs').where('plays', 1)).from('recent').where('whatever', 1)
  await knex('other').where('whatever', 1).select('this').orderBy('that')
  await knex<{ x: number }>('other').where('x', 1).where('y', 1)
  await knex('totals').first('total')
  await knex.transaction(async (trx) => trx('songs').where('id', 1).forUpdate().first())
}
`

const missing = "Type of 'await' operand must either be a valid promise"

/** Queries that do not compile, each with the error of TypeScript. */
const bad: readonly (readonly [query: string, error: string])[] = [
  ["knex('songs').where({ nope: 1 })", 'No overload matches this call'],
  ["knex('songs').insert({ title: 'a', nope: 1 })", "'nope' does not exist in type 'SongsInsert"],
  ["knex('songs').insert([{ title: 'a', nope: 1 }])", "'nope' does not exist in type 'SongsInsert"],
  ["knex('songs').insert({ plays: 1 })", "Property 'title' is missing in type '{ plays: number; }'"],
  ["knex('songs').insert({ title: null })", "Type 'null' is not assignable to type 'string | Sql'"],
  ["knex('songs').insert({ title: 'a', plays: 'many' })", "Type 'string' is not assignable to type 'number"],
  ["knex('songs').insert({ title: 'a', id: '1' })", "Type 'string' is not assignable to type 'undefined'"],
  ["knex('songs').insert({ title: 'a', words: 1 })", "Type 'number' is not assignable to type 'undefined'"],
  ["knex('songs').insert({ title: 'a', notes: [1] })", "Type 'number[]' is not assignable"],
  ["knex('songs').insert({ title: 'a', notes: new Date() })", "Type 'Date' is not assignable"],
  ["knex('totals').insert({ total: 1 })", "'total' does not exist in type"],
  ["knex('songs').update({ nope: 1 })", "'nope' does not exist in type 'Partial<SongsInsert>'"],
  ["knex('songs').update({ words: 1 })", "Type 'number' is not assignable to type 'never'"],
  ["knex('songs').insert({ title: 'a' }).onConflict('id').merge(['nope'])", '"nope"\' is not assignable'],
  ["knex('songs').first().then((song) => song?.nope)", "Property 'nope' does not exist on type 'SongsRow'"],
  [
    "knex('songs').select('id').then(([song]) => song?.title)",
    "Property 'title' does not exist on type 'Pick<",
  ],
  ["knex('audit.events').first().then((event) => event?.nope)", "does not exist on type 'AuditEventsRow'"],
  ["knex('songs').where('nope', 1).select('id')", "'select' does not exist on type 'NotPromised<\"nope\">'"],
  ["knex('songs').where('nope', 1)", missing],
  ["knex('songs').where('nope', '>', 1)", missing],
  ["knex('songs').where('songs.nope', 1)", missing],
  ["knex('songs').where('audit.events.nope', 1)", missing],
  ["knex('songs').orWhereNot('nope', 1)", missing],
  ["knex('songs').where((songs) => songs.where('nope', 1))", missing],
  ["knex('songs').whereIn('nope', [1])", missing],
  ["knex('songs').whereIn(['id', 'nope'], [[1, 2]])", missing],
  ["knex('songs').whereNull('nope')", missing],
  ["knex('songs').whereBetween('nope', [1, 2])", missing],
  ["knex('songs').having('nope', '>', 1)", missing],
  ["knex('songs').select('nope')", missing],
  ["knex('songs').select('id', knex.raw('1'), 'nope')", missing],
  ["knex('songs').select(['id', 'nope'])", missing],
  ["knex('songs').select('nope as name')", missing],
  ["knex('songs').select({ name: 'nope' })", missing],
  ["knex('songs').first('nope')", missing],
  ["knex('songs').distinct('nope')", missing],
  ["knex('songs').distinctOn('nope')", missing],
  ["knex('songs').pluck('nope')", missing],
  ["knex('songs').count('nope')", missing],
  ["knex('songs').count('nope as number')", missing],
  ["knex('songs').count('nope', { as: 'number' })", missing],
  ["knex('songs').max({ most: 'nope' })", missing],
  ["knex('songs').groupBy('nope')", missing],
  ["knex('songs').orderBy('nope')", missing],
  ["knex('songs').select('id').orderBy([{ column: 'nope', order: 'desc' }])", missing],
  ["knex('songs').orderBy(['id', { column: 'nope' }])", missing],
  ["knex('songs').jsonExtract('nope', '$.a', 'a')", missing],
  ["knex('songs').insert({ title: 'a' }, 'nope')", missing],
  ["knex('songs').insert({ title: 'a' }).returning('nope')", missing],
  ["knex('songs').insert({ title: 'a' }).returning(['id', 'nope'])", missing],
  ["knex('songs').insert({ title: 'a' }).onConflict('nope').ignore()", "'ignore' does not exist on type"],
  ["knex('songs').update('nope', 1)", missing],
  ["knex('songs').update('words', 1)", missing],
  ["knex('songs').update({ title: 'a' }, 'nope')", missing],
  ["knex('songs').increment('nope')", missing],
  ["knex('songs').del('nope')", missing],
  ["knex.from('songs').where('nope', 1)", missing],
  ["knex('songs').join('audit.events', 'audit.events.nope', 'songs.id')", missing],
  ["knex('songs').join('audit.events', 'audit.events.id', '=', 'songs.nope')", missing],
  ["knex('songs').join('audit.events', 'audit.events.song_id', 'songs.id').where('songs.nope', 1)", missing],
]

t.test('a query on a column that is not promised does not compile', async (t) => {
  const { root } = await migratedProject(t)
  const start = [
    "import type { Knex } from 'knex'",
    "import type {} from './knex-tables.js'",
    'declare const knex: Knex',
  ]
  const lines = [...start, ...bad.map(([query]) => `await ${query}`)]
  await writeFile(join(root, 'good.ts'), good)
  await writeFile(join(root, 'bad.ts'), lines.join('\n'))
  const found = diagnosticsOf(root, [file, 'good.ts', 'bad.ts'])
  t.strictSame(
    found.filter((line) => !line.startsWith('bad.ts:')),
    [],
    'the file itself and the good queries compile',
  )
  for (const [index, [query, error]] of bad.entries()) {
    const place = `bad.ts:${start.length + index + 1} `
    t.ok(
      found.some((line) => line.startsWith(place) && line.includes(error)),
      query,
      { found: found.filter((line) => line.startsWith(place)) },
    )
  }
})

async function migratedProject(t: Test): Promise<Project> {
  const project = await createProject(t, { '001_songs': created })
  t.equal((await project.run('types')).exit, 0)
  return project
}

const ownTypes = `create type mood as enum ('sad', 'ok');
  create type pair as (number int, word text);
  create type span as range (subtype = float8);
  create domain positive as numeric check (value > 0);
  create domain words as text[];
  create domain moment as timestamptz(3);
  create domain feeling as mood`

/** A type, the text of a value, the TypeScript type of the value, and other values that can be written. */
type Sample = readonly [type: string, text: string, read: string, ...write: readonly unknown[]]

const interval: unknown = pg.types.getTypeParser(pg.types.builtins.INTERVAL)('1 day')
const day = new Date('2026-01-02T03:04:05.678Z')

const samples: readonly Sample[] = [
  ['boolean', 'true', 'boolean', false],
  ['smallint', '-5', 'number', 5],
  ['integer', '5', 'number', 5],
  ['oid', '5', 'number', 5],
  ['real', '0.5', 'number', 0.25],
  ['double precision', 'NaN', 'number', 0.1, -Infinity],
  ['bigint', '9007199254740993', 'string', 5, 9007199254740993n],
  ['numeric(12,2)', '1.50', 'string', 1.5, 5n],
  ['money', '1.50', 'string', 1.5],
  ['text', 'a', 'string'],
  ['character varying(9)', 'a', 'string'],
  ['character(3)', 'a', 'string'],
  ['"char"', 'a', 'string'],
  ['name', 'a', 'string'],
  ['uuid', '7d1a0b2c-0000-4000-8000-000000000000', 'string'],
  ['xml', '<a/>', 'string'],
  ['bit(3)', '101', 'string'],
  ['bit varying(5)', '10', 'string'],
  ['inet', '10.0.0.1/8', 'string'],
  ['cidr', '10.0.0.0/8', 'string'],
  ['macaddr', '08:00:2b:01:02:03', 'string'],
  ['macaddr8', '08:00:2b:01:02:03:04:05', 'string'],
  ['tsvector', 'a', 'string'],
  ['tsquery', 'a', 'string'],
  ['pg_lsn', '0/1', 'string'],
  ['regclass', 'pg_class', 'string'],
  ['jsonpath', '$.a', 'string'],
  ['date', '2026-01-02', 'Date', day],
  ['timestamp without time zone', '2026-01-02 03:04', 'Date', day],
  ['timestamp(3) with time zone', '2026-01-02 03:04Z', 'Date', day],
  ['time without time zone', '03:04', 'string'],
  ['time(3) with time zone', '03:04Z', 'string'],
  ['interval', '1 day 02:03', 'Interval', interval],
  ['interval day to second(3)', '1 day 02:03', 'Interval', interval],
  ['json', '{"a": [1]}', 'Json', { a: [1] }, 5, true, '[1]'],
  ['jsonb', 'null', 'Json', { a: [1] }, 5, true, '[1]'],
  ['bytea', '\\x00ff', 'Buffer', Buffer.from('a'), new Uint8Array([1])],
  ['point', '(1,2)', 'Point'],
  ['circle', '<(1,2),3>', 'Circle'],
  ['line', '{1,2,3}', 'string'],
  ['lseg', '[(1,2),(3,4)]', 'string'],
  ['box', '(1,2),(3,4)', 'string'],
  ['path', '[(1,2)]', 'string'],
  ['polygon', '((1,2))', 'string'],
  ['int4range', '[1,2)', 'string'],
  ['tstzrange', 'empty', 'string'],
  ['int8multirange', '{[1,2)}', 'string'],
  ['public.mood', 'sad', 'Mood', 'ok'],
  ['public.pair', '(1,a)', 'string'],
  ['public.span', '[1,2)', 'string'],
  ['public.positive', '1.5', 'string', 1.5, 5n],
  ['public.words', '{a}', 'string[]', ['a', 'b']],
  ['public.moment', '2026-01-02 03:04Z', 'Date', day],
  ['public.feeling', 'sad', 'Mood', 'ok'],
  ['boolean[]', '{t,f}', 'boolean[]', [true, null]],
  ['integer[]', '{1,2}', 'number[]', [1, null]],
  ['real[]', '{0.5}', 'number[]', [0.5]],
  ['bigint[]', '{9007199254740993}', 'string[]', [5n, 5, '5']],
  ['numeric(12,2)[]', '{1.50}', 'number[]', [5n, 5, '5']],
  ['money[]', '{1.50}', 'string[]', [1.5]],
  ['text[]', '{a,"b c"}', 'string[]', ['a', null, '"']],
  ['character varying(5)[]', '{a}', 'string[]', ['a']],
  ['character(5)[]', '{a}', 'string[]', ['a']],
  ['uuid[]', '{7d1a0b2c-0000-4000-8000-000000000000}', 'string[]'],
  ['inet[]', '{10.0.0.1}', 'string[]', ['10.0.0.1']],
  ['cidr[]', '{10.0.0.0/8}', 'string[]'],
  ['macaddr[]', '{08:00:2b:01:02:03}', 'string[]'],
  ['date[]', '{2026-01-02}', 'Date[]', [day]],
  ['timestamp with time zone[]', '{2026-01-02 03:04Z}', 'Date[]', [day]],
  ['time without time zone[]', '{03:04}', 'string[]', ['03:04']],
  ['interval[]', '{1 day}', 'Interval[]', [interval]],
  ['jsonb[]', '{"{\\"a\\": 1}"}', 'Json[]', [{ a: [1] }, '[1]', 5]],
  ['bytea[]', '{"\\\\x00ff"}', 'Buffer[]', [Buffer.from('a')]],
  ['point[]', '{"(1,2)"}', 'Point[]', ['(1,2)']],
  ['numrange[]', '{"[1,2)"}', 'string[]', ['[1,2)']],
  ['name[]', '{a}', 'string', ['a']],
  ['xml[]', '{<a/>}', 'string', ['<a/>']],
  ['circle[]', '{"<(1,2),3>"}', 'string', ['<(1,2),3>']],
  ['int4range[]', '{"[1,2)"}', 'string', ['[1,2)']],
  ['public.mood[]', '{sad,ok}', 'string', ['sad']],
  ['public.pair[]', '{"(1,a)"}', 'string', ['(1,a)']],
  ['public.positive[]', '{1.5}', 'string', [1.5, 5n]],
]

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** Whether a value is of a type of the file. */
const isOf: Readonly<Record<string, (value: unknown) => boolean>> = {
  boolean: (value) => typeof value === 'boolean',
  number: (value) => typeof value === 'number',
  string: (value) => typeof value === 'string',
  Date: (value) => value instanceof Date,
  Buffer: (value) => Buffer.isBuffer(value),
  Json: (value) => isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value),
  Interval: (value) =>
    isObject(value) &&
    value['days'] === 1 &&
    ['toPostgres', 'toISO', 'toISOString'].every((name) => typeof value[name] === 'function'),
  Point: (value) => isDeepStrictEqual(value, { x: 1, y: 2 }),
  Circle: (value) => isDeepStrictEqual(value, { x: 1, y: 2, radius: 3 }),
  Mood: (value) => value === 'sad' || value === 'ok',
}

function isOfType(value: unknown, type: string): boolean {
  if (!type.endsWith('[]')) return isOf[type]?.(value) === true
  return Array.isArray(value) && value.length > 0 && value.every((each) => isOfType(each, type.slice(0, -2)))
}

t.test('the types of the file are those that node-postgres reads and writes', async (t) => {
  const columns = samples.map(([type], index) => `c${index} ${type}`)
  const project = await createProject(t, {
    '001_samples': [ownTypes, `create table samples (${columns.join(', ')})`],
  })
  await project.migrate()
  const { stdout: source } = await project.run('types --out -')
  const knex = connect(t, project.url)
  for (const [index, [type, text, read, ...write]] of samples.entries()) {
    const column = `c${index}`
    const declared = new RegExp(`\n  ${column}: (.*)\n`).exec(source)?.[1]
    t.equal(declared, read === 'Json' ? read : `${read} | null`, type)
    const [row] = await knex('samples')
      .insert({ [column]: text })
      .returning(column)
    t.ok(isOfType(row[column], read), `${type} is read as ${read}`, { value: row[column] })
    for (const value of write)
      await t.resolves(knex('samples').insert({ [column]: value }), `${type} takes ${inspect(value)}`)
  }
  await t.rejects(
    knex('samples').insert({ [columnOf('jsonb')]: [1] }),
    { code: '22P02' },
    'an array is not JSON',
  )
  await t.rejects(knex('samples').insert({ [columnOf('point')]: { x: 1, y: 2 } }), { code: '22P02' })
})

function columnOf(type: string): string {
  return `c${samples.findIndex(([name]) => name === type)}`
}

function connect(t: Test, connectionString: string): Knex {
  const knex = knexFrom({ client: 'pg', connection: { connectionString }, pool: { min: 0, max: 1 } })
  t.teardown(() => knex.destroy())
  return knex
}

t.test('for every type of PostgreSQL it is known whether node-postgres parses it', async (t) => {
  const rows = await query(
    await createDatabase(t),
    `select oid, format_type(oid, null) as type from pg_type
      where typtype in ('b', 'r', 'm') and typnamespace = 'pg_catalog'::regnamespace order by oid`,
  )
  t.ok(rows.length > 150)
  const unparsed = pg.types.getTypeParser(pg.types.builtins.TEXT)
  for (const { oid, type } of rows) {
    const { read } = columnType(String(type), { catalog: {}, enumNames: new Map() })
    const isParsed = pg.types.getTypeParser(Number(oid)) !== unparsed
    // The digits of a bigint are parsed to themselves.
    t.equal(read.join() !== 'string' || type === 'bigint', isParsed, String(type))
  }
})

/** The diagnostics of TypeScript for these files of a folder: `line 3: TS2339`. */
function diagnosticsOf(root: string, names: readonly string[]): readonly string[] {
  const program = ts.createProgram(
    names.map((name) => join(root, name)),
    {
      target: ts.ScriptTarget.ES2023,
      lib: ['lib.es2023.d.ts'],
      module: ts.ModuleKind.NodeNext,
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noUnusedLocals: true,
      noUnusedParameters: true,
      noEmit: true,
    },
  )
  const files = program
    .getSourceFiles()
    .filter(({ fileName }) => names.some((name) => fileName === join(root, name)))
  return files.flatMap((source) =>
    [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ start = 0, code, messageText }) => {
        const { line } = source.getLineAndCharacterOfPosition(start)
        return `${source.fileName.slice(root.length + 1)}:${line + 1} TS${code} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
      },
    ),
  )
}
