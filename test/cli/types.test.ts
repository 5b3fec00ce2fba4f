import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import knexFrom, { type Knex } from 'knex'
import pg from 'pg'
import { check as isFormatted } from 'prettier'
import t, { type Test } from 'tap'
import ts from 'typescript'
import { objectKey } from '../../src/core/catalog.js'
import { columnType } from '../../src/core/column-types.js'
import { tableTypes } from '../../src/core/table-types.js'
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

t.test('a promise without anything odd', async (t) => {
  const source = tableTypes(
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

/** An object, or JSON text. An array has to be text: node-postgres takes it for an array of PostgreSQL. */
export type JsonInput =
  | string
  | number
  | boolean
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
    const source = tableTypes(
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
    await writeFile('/tmp/h/types-lab/odd.d.ts', source)
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
        'a_song',
        `'public.${long}'`,
        'date',
        "'größe'",
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
SCHEMA_SNAPSHOT_STALE: There is no snapshot yet to make types from: 1 revision without a promise. Nothing was written.

  folder   /songs/migrations

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
  schemagate types   makes them anew; commit the file
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
SCHEMA_TYPES_STALE: The table types are not those of the snapshot. Nothing was written.

  file         knex-tables.d.ts
  head         002_likes
  difference   line 1
                 expected  // Made by \`schemagate types\` from the snapshot at head 002_likes; do not edit.
                 actual    // Made by \`schemagate types\` from the snapshot at head 001_songs; do not edit.

Do one of:
  schemagate types   makes them anew; commit the file
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
    [2, 'SCHEMA_USAGE: --check compares a file, and --out - is none. Nothing was done.'],
  )
  await project.write({ '003_more': 'create table more (id int)' })
  const behind = await project.run('types')
  t.match(behind, {
    exit: 4,
    stderr: /SCHEMA_SNAPSHOT_STALE: The snapshot was not made from these migrations/,
  })
})

/** What TypeScript says about some files of a folder: `line 3: TS2339`, without files of others. */
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
