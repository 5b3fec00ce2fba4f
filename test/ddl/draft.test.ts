import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import knexFrom, { type Knex } from 'knex'
import pg from 'pg'
import { check as isFormatted } from 'prettier'
import t, { type Test } from 'tap'
import ts from 'typescript'
import type { Catalog } from '../../src/core/model/catalog.js'
import { diff } from '../../src/core/model/diff.js'
import { type DraftInput, draftMigration } from '../../src/ddl/draft/draft-migration.js'
import { type MigrationLanguage, renderMigration } from '../../src/ddl/draft/migration-code.js'
import type { KnexNaming } from '../../src/ddl/draft/naming.js'
import { planChanges, planMigration } from '../../src/ddl/plan/plan.js'
import { runsOutsideTransaction } from '../../src/ddl/plan/transactions.js'
import { allAnnotations, readCatalog } from '../../src/postgres/introspect/read-catalog.js'
import { createDatabase, query } from '../support/database.js'

/** Two schemas as SQL, and what the draft between them contains. */
interface DraftCase {
  readonly name: string
  readonly setup?: string
  readonly from?: string
  readonly to?: string
  /** Parts of the draft, `up` and `down`, in their order. */
  readonly has?: readonly string[]
  /** What the draft does not contain. */
  readonly lacks?: readonly string[]
  readonly naming?: Partial<KnexNaming>
  readonly searchPath?: readonly string[]
  readonly online?: boolean
  /** Whether a part is refused; the draft is then not run. */
  readonly refused?: true
}

const builderCases: readonly DraftCase[] = [
  {
    name: 'every type and default that has a builder method',
    to: `create type mood as enum ('sad', 'ok');
      create table songs (
        a text, b smallint, c integer, d bigint, e real, f double precision, g boolean, h date, i time, j json, k jsonb,
        l uuid, m bytea, n varchar(20), o numeric(10,2), p timestamptz, q timestamp, r timestamptz(3), s timestamp(0),
        t text not null default 'x "y" \${z} \`', u varchar(5) default '', v integer not null default 0,
        w boolean default false, x jsonb not null default '{"a": [1]}', y timestamptz not null default current_timestamp,
        z mood default 'ok');
      create table others (
        a numeric, b varchar, c text[] not null default '{}', d text collate "C" not null default 'a',
        e bigint generated always as identity (start with 5), f int generated always as (length(d)) stored, g char(3),
        h interval default '1 day', i timestamptz default now(), j bigint default 0, k integer default -1, l numeric(5,2) default 0,
        m text default 'it''s', n text default e'back\\\\slash', o text default lower('X'), p mood[], q bit(3),
        r integer default case when random() > 0.5 then 1 else 2 end, s time with time zone, t "char", u date default '2026-01-01')`,
    has: [
      `  await knex.schema.createTable('others', (table) => {
    table.specificType('a', 'numeric')
    table.specificType('b', 'character varying')
    table.specificType('c', 'text[]').notNullable().defaultTo(knex.raw(\`'{}'::text[]\`))
    table.specificType('d', 'text COLLATE pg_catalog."C"').notNullable().defaultTo(knex.raw(\`'a'::text\`))
    table.specificType('e', 'bigint GENERATED ALWAYS AS IDENTITY (START WITH 5)')
    table.specificType('f', 'integer GENERATED ALWAYS AS (length(d)) STORED')
`,
      "    table.bigInteger('j').defaultTo(knex.raw(`0`))\n",
      "    table.text('m').defaultTo(knex.raw(`'it''s'::text`))\n",
      "    table.specificType(\n      'r',\n      `integer DEFAULT \nCASE\n",
      `  await knex.schema.createTable('songs', (table) => {
    table.text('a')
    table.smallint('b')
    table.integer('c')
    table.bigInteger('d')
    table.float('e')
    table.double('f')
    table.boolean('g')
    table.date('h')
    table.time('i')
    table.json('j')
    table.jsonb('k')
    table.uuid('l')
    table.binary('m')
    table.string('n', 20)
    table.decimal('o', 10, 2)
    table.timestamp('p')
    table.timestamp('q', { useTz: false })
    table.timestamp('r', { precision: 3 })
    table.timestamp('s', { useTz: false, precision: 0 })
    table.text('t').notNullable().defaultTo('x "y" \${z} \`')
    table.string('u', 5).defaultTo('')
    table.integer('v').notNullable().defaultTo(0)
    table.boolean('w').defaultTo(false)
    table.jsonb('x').notNullable().defaultTo('{"a": [1]}')
    table.timestamp('y').notNullable().defaultTo(knex.fn.now())
    table.specificType('z', 'public.mood').defaultTo('ok')
  })
`,
      'export async function down(knex: Knex): Promise<void> {\n  // This permanently deletes:\n  //   the rows of public.others\n',
      "  throw new Error('001_draft: down loses data. Remove this line if that is intended.')\n",
      "await knex.schema.dropTable('others')",
      "await knex.schema.dropTable('songs')",
    ],
  },
  {
    name: 'keys, checks and indexes move into their new table, with names only where they differ from the defaults of Knex',
    to: `create table artists (id int primary key, name text constraint artists_name_unique unique, born date,
        constraint later unique (name, born) deferrable, check (born > '1900-01-01'));
      create table songs (id uuid constraint song primary key, artist int, also int, self uuid references songs,
        constraint songs_artist_foreign foreign key (artist) references artists,
        constraint also foreign key (also) references artists on update cascade on delete set null deferrable initially deferred,
        constraint checked check (artist > 0 and also > 0) no inherit);
      create table pairs (a int, b int, primary key (a, b) deferrable initially deferred);
      create index songs_artist_also_index on songs (artist, also);
      create index named on songs using hash (artist);
      create unique index unnamed on songs (artist);
      create index partly on songs (artist) where also is null;
      create index sorted on songs (artist desc);
      create table a (id int primary key, b int); create table b (id int primary key, a int references a);
      alter table a add foreign key (b) references b`,
    has: [
      `  await knex.schema.createTable('a', (table) => {
    table.integer('id').notNullable()
    table.integer('b')
    table.primary(['id'])
  })
`,
      `    table.primary(['id'])
    table.unique(['name'])
    table.unique(['name', 'born'], { indexName: 'later', deferrable: 'immediate' })
    table.check(\`(born > '1900-01-01'::date)\`, undefined, 'artists_born_check')
`,
      "    table.foreign('a', 'b_a_fkey').references('id').inTable('a')\n",
      "    table.primary(['a', 'b'], { deferrable: 'deferred' })\n",
      `    table.primary(['id'], { constraintName: 'song' })
    table.unique(['artist'], { indexName: 'unnamed', useConstraint: false })
    table
      .foreign('also', 'also')
      .references('id')
      .inTable('artists')
      .onUpdate('CASCADE')
      .onDelete('SET NULL')
      .deferrable('deferred')
    table.foreign('artist').references('id').inTable('artists')
    table.foreign('self', 'songs_self_fkey').references('id').inTable('songs')
    table.index(['artist'], 'named', 'hash')
    table.index(['artist', 'also'])
  })
`,
      "  await knex.schema.alterTable('a', (table) => {\n    table.foreign('b', 'a_b_fkey').references('id').inTable('b')\n",
      'ADD CONSTRAINT checked CHECK (((artist > 0) AND (also > 0))) NO INHERIT',
      'CREATE INDEX partly',
      'CREATE INDEX sorted',
    ],
  },
  {
    name: 'a column as serial creates it is written with increments',
    setup: 'create sequence shared',
    to: `create table songs (id serial primary key, number bigserial, other serial, last serial);
      alter sequence songs_other_seq rename to odd; alter sequence songs_last_seq increment by 2;
      create table plays (id bigserial constraint play primary key);
      create table likes (id serial, at int); comment on column likes.id is 'the number';
      create table notes (id serial primary key); comment on sequence notes_id_seq is 'has more to say';
      create table words (id serial primary key);
      create function next_word() returns bigint begin atomic select nextval('words_id_seq'); end`,
    has: [
      `CREATE SEQUENCE public.notes_id_seq`,
      'CREATE SEQUENCE public.odd',
      'CREATE SEQUENCE public.songs_last_seq',
      'CREATE SEQUENCE public.words_id_seq',
      "    table.increments('id', { primaryKey: false }).comment('the number')\n    table.integer('at')\n",
      "    table.integer('id').notNullable().defaultTo(knex.raw(`nextval('public.notes_id_seq'::regclass)`))\n",
      "    table.bigIncrements('id', { primaryKey: false })\n    table.primary(['id'], { constraintName: 'play' })\n",
      `    table.increments('id')
    table.bigIncrements('number', { primaryKey: false })
    table.integer('other').notNullable().defaultTo(knex.raw(\`nextval('public.odd'::regclass)\`))
    table.integer('last').notNullable().defaultTo(knex.raw(\`nextval('public.songs_last_seq'::regclass)\`))
  })
`,
      'ALTER SEQUENCE public.odd OWNED BY public.songs.other',
    ],
    lacks: ['likes_id_seq', 'songs_id_seq', 'songs_number_seq', 'plays_id_seq'],
  },
  {
    name: 'comments with quotes, and comments on other objects, are raw statements',
    to: `create table songs (id int constraint songs_pkey primary key, title text, words text);
      comment on table songs is 'what is sung
on two lines'; comment on column songs.title is 'as printed'; comment on column songs.words is 'it''s sung';
      comment on constraint songs_pkey on songs is 'the key'`,
    has: [
      "    table.text('title').comment('as printed')\n",
      '    table.comment(`what is sung\non two lines`)\n',
      "`COMMENT ON COLUMN public.songs.words IS 'it''s sung'`",
      "`COMMENT ON CONSTRAINT songs_pkey ON public.songs IS 'the key'`",
    ],
  },
  {
    name: 'changes of one existing table are one block, with their hazards',
    from: `create table songs (id int primary key, title text, gone text, plays int not null, likes int,
        constraint old unique (likes), constraint songs_plays_likes_unique unique (plays, likes), check (plays > 0), exclude (plays with =));
      create table plays (song int constraint plays_song_foreign references songs);
      create index gone on songs (plays); create view v as select id from songs; create materialized view m as select id from songs;
      create schema audit; create table audit.log (id int)`,
    to: `create table songs (id int, title text not null, plays int, likes int, rating int default 1, words text not null);
      create table plays (song int)`,
    has: [
      `  // ACCESS EXCLUSIVE lock on public.m
  await knex.schema.dropMaterializedView('m')

  // ACCESS EXCLUSIVE lock on public.v
  await knex.schema.dropView('v')

  await knex.schema.alterTable('songs', (table) => {
    // ACCESS EXCLUSIVE lock on public.songs
    table.dropIndex([], 'gone')
  })
`,
      "table.dropForeign(['song'])\n",
      `    // ACCESS EXCLUSIVE lock on public.songs
    table.dropUnique(['likes'], 'old')
    // changes what identifies a row of public.songs for replication; while nothing does, UPDATE and DELETE fail if it is published; ACCESS EXCLUSIVE lock on public.songs
    table.dropPrimary()
    // ACCESS EXCLUSIVE lock on public.songs
    table.dropChecks('songs_plays_check')
  })

  // ACCESS EXCLUSIVE lock on public.songs
  await knex.raw(\`ALTER TABLE public.songs DROP CONSTRAINT songs_plays_excl\`)
`,
      `    table.dropUnique(['plays', 'likes'])
    // data loss: the values of public.songs.gone; ACCESS EXCLUSIVE lock on public.songs
    table.dropColumn('gone')
  })
`,
      "await knex.schema.withSchema('audit').dropTable('log')",
      "await knex.schema.dropSchema('audit')",
      `    table.dropNullable('title')
    // ACCESS EXCLUSIVE lock on public.songs
    table.setNullable('plays')
`,
      `    // ACCESS EXCLUSIVE lock on public.songs
    table.integer('rating').defaultTo(1)
    // ACCESS EXCLUSIVE lock on public.songs; fails when public.songs has rows
    table.text('words').notNullable()
`,
      "await knex.schema.createSchema('audit')",
      "await knex.schema.withSchema('audit').createTable('log', (table) => {",
    ],
  },
  {
    name: 'nothing moves up past a block about an existing object',
    from: `create table old (id int); create index taken on old (id); create type mood as enum ('sad', 'ok');
      create table singers (mood mood)`,
    to: `create type mood as enum ('ok', 'sad'); create table singers (mood mood);
      create table fresh (id int constraint taken primary key, mood mood)`,
  },
]

const rawCases: readonly DraftCase[] = [
  {
    name: 'names that Knex would split, trim, read as an alias or not quote',
    to: `create table "a.b" (id int primary key, "x as y" int);
      create table odd ("what?" int, "b[0]" int, " c" int, "it's" int constraint "Checked" check ("it's" > 0));
      create table plain (id int primary key, "größe" int, "two-words" int, "Case" int unique, "user" int);
      create index "a b" on plain (id); create view "v.w" as select 1 as one; create schema "a.b"`,
    has: [
      'CREATE SCHEMA "a.b"',
      'CREATE TABLE public."a.b" (',
      'CREATE TABLE public.odd (\n  "what\\\\?" integer',
      `    table.integer('größe')
    table.integer('two-words')
    table.integer('Case')
    table.integer('user')
    table.primary(['id'])
    table.unique(['Case'], { indexName: 'plain_Case_key' })
  })
`,
      'CREATE INDEX "a b" ON public.plain',
      'CREATE VIEW public."v.w"',
      'DROP VIEW public."v.w"',
    ],
  },
  {
    name: 'question marks, backslashes, backquotes and line ends survive JavaScript and Knex',
    to: `create table songs (tags jsonb, title text default 'why?', check (tags ? 'a' and title !~ '\\?' and title !~ '\\\\?\\\\\\?'));
      create view v as select tags from songs where tags ?| array['\`', '\${a}', '\\', ':b', '\\n'];
      comment on view v is e'one\\r\\ntwo\\ttree\\u2028four';
      comment on column songs.tags is 'what?';
      create function f() returns text language plpgsql as $a$ begin return '\\? \\\\? \${x} \` :y $$'; end $a$;
      create function "f?"() returns text language sql as 'select ''?''';`.replace(
      'begin return',
      'begin -- a\r\n return',
    ),
    has: [
      'DO $do$BEGIN EXECUTE replace($sql$CREATE OR REPLACE FUNCTION public.f()',
      "$function$$sql$, '<question mark>', chr(63)); END$do$`",
      "tags \\\\?| ARRAY['\\`'::text, '\\${a}'::text, '\\\\'::text",
    ],
  },
  {
    name: 'tables that the builder cannot express completely',
    setup: 'create type song as (id int, title text)',
    to: `create unlogged table cache (id int); create table tuned (id int) with (fillfactor = 70);
      create table typed of song; create table parent (id int primary key, check (id > 0));
      create table child (more int) inherits (parent); create table empty ();
      create table plays (day date, primary key (day)) partition by range (day);
      create table plays_2026 partition of plays for values from ('2026-01-01') to ('2027-01-01');
      create index on plays (day); create table guarded (id int); alter table guarded enable row level security;
      create policy p on guarded using (true)`,
    has: [
      'CREATE UNLOGGED TABLE public.cache',
      "createTable('parent'",
      'INHERITS (public.parent)',
      'CREATE TABLE public.empty ()',
      "createTable('guarded'",
      'PARTITION BY RANGE (day)',
      "createTable('plays_2026'",
      ' WITH (fillfactor=',
      'OF public.song',
    ],
  },
  {
    name: 'functions are created before the objects that they name, and body checks are reset',
    to: `create table songs (id int); create function count_songs() returns bigint language sql as 'select count(*) from songs';
      create table totals (n bigint default count_songs())`,
    has: ['SET check_function_bodies = off', 'RESET check_function_bodies', 'export async function down'],
  },
]

const projectCases: readonly DraftCase[] = [
  {
    name: 'tables outside the first schema of the search path',
    setup: 'create schema app; create schema audit',
    to: `create table app.songs (id serial primary key);
      create table audit.plays (id bigserial primary key, song int, constraint plays_song_foreign foreign key (song) references app.songs);
      create table public.likes (play bigint references audit.plays); create index likes_play_index on likes (play)`,
    naming: { defaultSchema: 'app' },
    searchPath: ['app', 'public'],
    has: [
      "await knex.schema.createTable('songs', (table) => {\n    table.increments('id')\n",
      `await knex.schema.withSchema('audit').createTable('plays', (table) => {
    table.bigIncrements('id')
    table.integer('song')
    table.foreign('song').references('id').inTable('songs')
  })
`,
      "await knex.schema.withSchema('public').createTable('likes', (table) => {\n    table.bigInteger('play')\n",
      ".references('id').inTable('audit.plays')\n    table.index(['play'])\n",
    ],
  },
  {
    name: 'a project whose Knex changes identifiers',
    from: 'create table songs ("createdAt" int, id int)',
    to: 'create table songs (id int, plays int); create table "someLikes" (id int)',
    naming: { preservesName: (name) => name === name.toLowerCase() },
    has: [
      'DROP COLUMN "createdAt"',
      'CREATE TABLE public."someLikes"',
      "table.integer('plays')",
      'ADD COLUMN "createdAt" integer',
    ],
  },
  {
    name: 'indexes of existing tables are created concurrently, without a transaction',
    from: `create table songs (id int, title text)`,
    to: `create table songs (id int primary key, title text); create index songs_title_index on songs (title)`,
    has: [
      `// 3 statements run only outside a transaction, so the migration has none: what ran before a failure stays.
// Moved to a migration of their own, they would leave this one all or nothing.
export const config = { transaction: false }
`,
      'CREATE UNIQUE INDEX CONCURRENTLY songs_pkey',
      'CREATE INDEX CONCURRENTLY songs_title_index',
    ],
  },
  {
    name: 'without concurrent indexes the migration has a transaction',
    from: `create table songs (id int, title text)`,
    to: `create table songs (id int primary key, title text unique); create index songs_title_index on songs (title)`,
    online: false,
    has: [
      "table.primary(['id'])",
      "table.unique(['title'], { indexName: 'songs_title_key' })",
      "    table.index(['title'])\n",
    ],
    lacks: ['CONCURRENTLY', 'config'],
  },
  {
    name: 'a refusal is a comment and an error in the function',
    from: 'create table songs (id int, at date)',
    to: 'create table songs (id int, at boolean, plays int)',
    refused: true,
    has: [
      `  // Not written: column:public.songs.at
  //   there is no cast from date to boolean
  //   decide: how a value becomes a boolean: ALTER TABLE public.songs ALTER COLUMN at TYPE boolean USING …
  throw new Error('001_draft: up is incomplete. Replace this line with the missing statements.')

  await knex.schema.alterTable('songs', (table) => {
    // ACCESS EXCLUSIVE lock on public.songs
    table.integer('plays')
`,
    ],
  },
  {
    name: 'a function with nothing but a refusal',
    from: 'create table songs (at date)',
    to: 'create table songs (at boolean)',
    refused: true,
    has: ['export async function up(_knex: Knex): Promise<void> {\n  // Not written'],
  },
]

const style = {
  semi: false,
  singleQuote: true,
  printWidth: 110,
  trailingComma: 'all',
  parser: 'typescript',
} as const

const throwStatement = /^ {2}throw new Error\((?:.*\)|\n.*\n {2}\))\n/gm
const folder = t.testdir({})
const drafts: string[] = []

for (const draftCase of [...builderCases, ...rawCases, ...projectCases])
  t.test(draftCase.name, (t) => testCase(t, draftCase))

async function testCase(t: Test, draftCase: DraftCase): Promise<void> {
  const { setup = '', from = '', to = '', has = [], lacks = [], refused = false } = draftCase
  const [fromUrl, toUrl] = await Promise.all([createDatabase(t), createDatabase(t)])
  await Promise.all([query(fromUrl, `${setup};${from}`), query(toUrl, `${setup};${to}`)])
  const [fromCatalog, toCatalog] = await Promise.all([catalogOf(fromUrl), catalogOf(toUrl)])
  const input = draftInputOf(draftCase, fromCatalog, toCatalog)
  const text = renderMigration(draftMigration(input), 'typescript')
  checkText(t, text, has, lacks)
  t.ok(await isFormatted(text, style), 'it is formatted', { text })
  await writeFile(join(folder, `${drafts.length}.ts`), text)
  drafts.push(`${drafts.length}.ts`)
  if (refused) return
  const { searchPath = ['public'] } = draftCase
  const language = drafts.length % 2 === 0 ? 'module' : 'commonjs'
  const knex = knexFrom({ client: 'pg', connection: fromUrl, pool: { min: 0, max: 1 }, searchPath })
  t.teardown(() => knex.destroy())
  await run(t, 'up', knex, { input, language })
  t.strictSame(diff(toCatalog, await catalogOf(fromUrl)), [], 'nothing differs after up')
  await run(t, 'down', knex, { input, language })
  t.strictSame(diff(fromCatalog, await catalogOf(fromUrl)), [], 'nothing differs after down')
}

function draftInputOf({ naming = {}, online = true }: DraftCase, from: Catalog, to: Catalog): DraftInput {
  const up = planMigration(from, to, { online })
  return {
    revision: '001_draft',
    source: 'a test',
    from,
    to,
    up: { ...up, proof: null },
    down: { ...planChanges(to, from, { online: runsOutsideTransaction(up.statements) }), proof: null },
    asSql: new Set(),
    naming: { defaultSchema: 'public', preservesName: () => true, ...naming },
  }
}

function checkText(t: Test, text: string, has: readonly string[], lacks: readonly string[]): void {
  let position = 0
  for (const part of has) {
    const found = text.indexOf(part, position)
    t.ok(found >= 0, 'the draft contains this part, in this order', { part, text })
    position = Math.max(found, position)
  }
  for (const part of lacks) t.notOk(text.includes(part), 'the draft does not contain this', { part, text })
}

/** Runs one function of a draft as Knex does. If it loses data it throws, and it runs without that line. */
async function run(
  t: Test,
  name: 'up' | 'down',
  knex: Knex,
  { input, language }: { readonly input: DraftInput; readonly language: MigrationLanguage },
): Promise<void> {
  const text = renderMigration(draftMigration(input), language)
  const unchanged = await load(text, language)
  const losesData = input[name].statements.some(({ hazards }) =>
    hazards.some(({ hazard }) => hazard === 'data loss'),
  )
  if (losesData)
    await t.rejects(unchanged[name](knex), {
      message: `001_draft: ${name} loses data. Remove this line if that is intended.`,
    })
  const migration = await load(text.replaceAll(throwStatement, ''), language)
  await (migration.config?.transaction === false
    ? migration[name](knex)
    : knex.transaction((transaction) => migration[name](transaction)))
}

interface MigrationModule {
  readonly up: (knex: Knex) => Promise<void>
  readonly down: (knex: Knex) => Promise<void>
  readonly config?: { readonly transaction: boolean }
}

let loadedCount = 0

async function load(text: string, language: MigrationLanguage): Promise<MigrationModule> {
  const file = join(folder, `loaded-${loadedCount++}.${language === 'module' ? 'mjs' : 'cjs'}`)
  await writeFile(file, text)
  const { default: exported, ...named } = await import(pathToFileURL(file).href)
  return language === 'module' ? named : exported
}

async function catalogOf(url: string): Promise<Catalog> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await readCatalog(client, { ledgerTables: [], ...allAnnotations })
  } finally {
    await client.end()
  }
}

t.test('every draft passes the type check of Knex', async (t) => {
  const program = ts.createProgram(
    drafts.map((name) => join(folder, name)),
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
      verbatimModuleSyntax: true,
      erasableSyntaxOnly: true,
      skipLibCheck: true,
      noEmit: true,
    },
  )
  const found = ts.getPreEmitDiagnostics(program)
  t.equal(drafts.length, builderCases.length + rawCases.length + projectCases.length)
  t.strictSame(
    found.map(
      ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    ),
    [],
  )
})
