import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { isRecord } from '../../src/core/text/is-record.js'
import { runHere } from '../support/command.js'
import { createProject, type MigrationData } from '../support/project.js'

t.jobs = 2

const songs = `create table bands (id integer primary key, name text not null);
  create table songs (id integer primary key, title text, a integer, b integer, c integer, d integer, band integer,
    old text, note varchar(40));
  create table plays (song integer, at timestamptz);
  create function widen() returns void language plpgsql as $$
    begin execute 'alter table ' || 'songs' || ' alter a type bigint'; end $$`

const rewrite = 'rewrites public.songs: readers and writers wait'
const scan = (lock: string, table: string): string =>
  `reads all of public.${table} under ${lock.startsWith('A') ? 'an' : 'a'} ${lock} lock: ${lock === 'ACCESS EXCLUSIVE' ? 'readers and writers' : 'writers'} wait`
const lock = (table: string): string => `ACCESS EXCLUSIVE lock on public.${table}: readers and writers wait`

interface SeenRevision {
  readonly migration: MigrationData
  /** The hazards of its statements in words. */
  readonly hazards: readonly (string | RegExp)[]
  /** What the text says of it, too. */
  readonly told?: RegExp
}

/** A migration with this code in its `up`. */
const code = (body: string): MigrationData => ({
  code: `export const up = async (knex) => { ${body} }\nexport const down = () => {}\n`,
})

/** One after the other in one folder. */
const seen: Readonly<Record<string, SeenRevision>> = {
  '003_function': {
    migration: 'select widen()',
    hazards: [rewrite],
    told: /at migrations\/003_function\.js:2 {2}select widen\(\)\n {2}safer {9}add a column of the new type, fill it in batches/,
  },
  '004_do': {
    migration: `do $$ begin execute 'alter table songs alter b type bigint'; end $$`,
    hazards: [rewrite],
  },
  '005_index': {
    migration: code(`await knex.schema.alterTable('songs', (t) => { t.index(['title']) })`),
    hazards: [scan('SHARE', 'songs')],
    told: /safer {9}CREATE INDEX CONCURRENTLY songs_title_index ON public\.songs/,
  },
  '006_concurrently': {
    migration: { up: 'create index concurrently bands_name on bands (name)', transaction: false },
    hazards: ['runs only outside a transaction'],
  },
  '007_drop': {
    migration: ['alter table songs drop old', 'drop table plays', 'drop index bands_name'],
    hazards: [
      'data loss: the values of public.songs.old',
      lock('songs'),
      'data loss: the rows of public.plays',
      lock('plays'),
      lock('bands'),
      'drops the index public.bands_name: what needs it reads all of public.bands',
    ],
    told: /breaks {8}the build before: missing column:public\.songs\.old: queries that name it fail/,
  },
  '008_rename': {
    migration: [
      'alter table songs rename c to cc',
      'alter table songs rename to tracks',
      'alter table tracks add x int',
    ],
    hazards: [lock('songs')],
  },
  '009_back': { migration: 'alter table tracks rename to songs', hazards: [lock('songs')] },
  '010_new': {
    migration: [
      'create table albums (id int primary key)',
      'alter table albums add x int',
      'create table if not exists albums (id int)',
    ],
    hazards: [],
    told: /notice {8}NOTICE: relation "albums" already exists, skipping/,
  },
  '011_allowed': {
    migration: {
      code: `// schemagate: allow table-rewrite -- the table is small
export const up = (knex) => knex.raw('alter table songs alter d type bigint')
export const down = () => {}
`,
    },
    hazards: [rewrite],
    told: /table-rewrite rewrites public[^]*allowed {7}table-rewrite: the table is small/,
  },
  '012_foreign_key': {
    migration: 'alter table songs add foreign key (band) references bands',
    // Whether the other table is read, the planner decides.
    hazards: [
      scan('SHARE ROW EXCLUSIVE', 'songs'),
      /^(?:reads all of public\.bands under a SHARE ROW EXCLUSIVE lock|SHARE ROW EXCLUSIVE lock on public\.bands): writers wait$/,
    ],
    told: /safer .*NOT VALID;\n.*VALIDATE CONSTRAINT/,
  },
  '013_fill': {
    migration: [
      'alter table songs add y int',
      'update songs set y = 1',
      'alter table songs alter y set not null',
    ],
    hazards: [lock('songs'), scan('ACCESS EXCLUSIVE', 'songs'), scan('ACCESS EXCLUSIVE', 'songs')],
    told: /safer {9}write the rows in a revision of its own/,
  },
  '014_rows': {
    migration:
      code(`if (await knex.schema.hasTable('songs')) await knex('songs').where({ id: 1 }).update({ title: "it's" })
  await Promise.all([knex('songs').del(), knex.raw('truncate bands cascade')])`),
    hazards: [
      'rows of public.songs',
      'all rows of public.bands',
      'all rows of public.songs',
      lock('bands'),
      lock('songs'),
    ],
    told: /also {10}at migrations\/014_rows\.js:1 {2}update "songs" set "title" = \$1 where "id" = \$2 {2}\(2 values\)/,
  },
}

const typeScript = `import type { Knex } from 'knex'
type Change = readonly [column: string, type: string]
const changes: readonly Change[] = [['note', 'text'], ['band', 'bigint']]

export async function up(knex: Knex): Promise<void> {
  for (const [column, type] of changes)
    await knex.raw(\`alter table songs alter \${column} type \${type}\`)
}
export async function down(): Promise<void> {}
`

t.test('what each statement does is seen, whatever it is written in', async (t) => {
  const migrations = Object.entries(seen).map(([revision, { migration }]) => [revision, migration] as const)
  const project = await createProject(t, { '001_songs': songs })
  await project.write(Object.fromEntries(migrations))
  await writeFile(join(project.root, 'migrations', '002_at_run_time.ts'), typeScript)
  const result = await runHere(project, 'plan --offline')
  t.equal(result.exit, 4, result.text)
  t.match(
    result.text,
    /^as at 001_songs, without a database: 13 pending revisions\n {2}not allowed: table-rewrite, full-scan/,
  )
  const hazards = hazardsByRevision(result.document)
  t.strictSame(hazards['002_at_run_time'], [lock('songs'), rewrite])
  t.match(result.text, /at migrations\/002_at_run_time\.ts:7 {2}alter table songs alter band type bigint/)
  for (const [revision, { hazards: expected, told }] of Object.entries(seen)) {
    const found = hazards[revision] ?? []
    t.match(
      found.map(String).sort(),
      expected.toSorted((one, other) => (String(one) < String(other) ? -1 : 1)),
      revision,
    )
    t.equal(found.length, expected.length)
    if (told !== undefined) t.match(result.text, told)
  }
  t.strictSame(await project.objects(), [], 'the database of the project is not touched')
})

function hazardsByRevision(document: unknown): Readonly<Record<string, readonly unknown[]>> {
  return Object.fromEntries(
    listIn(document, 'revisions').map((revision) => [
      isRecord(revision) ? revision['revision'] : '',
      listIn(revision, 'statements').flatMap((statement) =>
        listIn(statement, 'hazards').map((hazard) => (isRecord(hazard) ? hazard['text'] : hazard)),
      ),
    ]),
  )
}

function listIn(value: unknown, name: string): readonly unknown[] {
  const list = isRecord(value) ? value[name] : []
  return Array.isArray(list) ? list : []
}

/** What the rows of the database say to a revision: in text, after the label. */
const answered: Readonly<Record<string, { readonly sql: MigrationData; readonly said: readonly string[] }>> =
  {
    '002_null': {
      sql: 'alter table songs alter title set not null',
      said: ['FAILS NOT NULL of public.songs.title; rows with null: 1, such as id = 2'],
    },
    '003_unique': {
      sql: 'alter table bands add constraint bands_name unique (name)',
      said: [
        'FAILS UNIQUE public.bands_name on public.bands; values that several rows have: 1, such as id = 2',
      ],
    },
    '004_foreign_key': {
      sql: 'alter table songs add constraint songs_band foreign key (band) references bands',
      said: [
        'FAILS FOREIGN KEY songs_band on public.songs; rows whose row in public.bands is missing: 1, such as id = 2',
      ],
    },
    '005_check': {
      sql: 'alter table songs add constraint positive check (a > 0)',
      said: ['FAILS CHECK positive on public.songs; rows that it refuses: 1, such as id = 2'],
    },
    '006_narrow': {
      sql: 'alter table songs alter note type varchar(8)',
      said: [
        'FAILS public.songs.note becomes character varying(8); values that are no character varying(8): at least 1000, such as id = 10',
      ],
    },
    '007_drop': {
      sql: ['alter table songs drop old', 'drop table plays'],
      said: ['loses public.plays is dropped; rows: 1, such as ctid = (0,1)'],
    },
    '008_new': {
      sql: 'alter table bands add country text not null',
      said: ['FAILS public.bands.country is new, NOT NULL, and has no default; rows: 3, such as id = 1'],
    },
    '009_fill': {
      sql: [
        'alter table songs add x int',
        'update songs set x = 1',
        'alter table songs alter x set not null',
      ],
      said: [],
    },
    '010_expression': {
      sql: 'create unique index on bands (lower(name)) where id > 1',
      said: [
        'FAILS UNIQUE public.bands_lower_idx on public.bands; values that several rows have: 1, such as id = 2',
      ],
    },
    '011_rounded': {
      sql: [
        'alter table goods alter price type numeric(6,1)',
        'alter table goods alter word type varchar(3) using word::varchar(3)',
        'alter table goods alter made type date',
      ],
      said: [
        'alters public.goods.made becomes date; values that a cast to it changes: 1, such as id = 2',
        'alters public.goods.price becomes numeric(6,1); values that a cast to it changes: 1, such as id = 2',
        'alters public.goods.word becomes character varying(3); values that the cast cuts off: 1, such as id = 2',
      ],
    },
    '012_right': { sql: 'alter table bands add constraint named check (name is not null)', said: [] },
  }

t.test('the rows of the database are asked, and none of them is shown', async (t) => {
  const goods =
    'create table goods (id integer primary key, price numeric(8,3), word varchar(9), made timestamp)'
  const project = await createProject(t, { '001_songs': songs, '002_goods': goods })
  await project.migrate()
  await project.query(`insert into bands values (1, 'a'), (2, 'secret'), (3, 'secret');
    insert into songs (id, title, band, note, a) values (1, 'x', 1, 'short', 1), (2, null, 9, null, -1);
    insert into songs (id, title, note) select id, 'x', 'much longer secret' from generate_series(10, 3000) id;
    insert into goods values (1, 1.5, 'abc', '2026-01-01'), (2, 1.55, 'secret', '2026-01-01 10:00');
    insert into plays values (1, now()); analyze songs`)
  await project.write(Object.fromEntries(Object.entries(answered).map(([name, { sql }]) => [name, sql])))
  const result = await runHere(project, 'plan')
  t.equal(result.exit, 7, result.text)
  t.match(
    result.text,
    /WOULD FAIL: 002_null, 003_unique, 004_foreign_key, 005_check, 006_narrow, 008_new, 010_expression\n/,
  )
  t.match(result.text, /rewrites public\.songs, about [\d,]+ rows, \d+ kB: readers and writers wait/)
  const [, ...parts] = result.text.split(/^(?=0\d\d_|010_|011_|012_)/m)
  for (const part of parts) {
    const [name = ''] = part.split('\n')
    const said = part.match(/^ {2}(?:FAILS|loses|alters|may fail) .*$/gm) ?? []
    t.strictSame(
      said.map((line) => line.trim().replace(/ +/, ' ')),
      answered[name]?.said,
      name,
    )
  }
  t.notMatch(result.text + JSON.stringify(result.document), /secret/)
})

t.test('a revision that fails, one that needs rows of earlier ones, and where a plan begins', async (t) => {
  const project = await createProject(t, {
    '001_songs': songs,
    '002_band': `insert into bands values (1, 'a')`,
  })
  await project.migrate()
  t.match(await runHere(project, 'plan'), {
    exit: 0,
    text: /at 002_band \(current\)\n\nNothing is pending\.$/,
  })
  t.match(await runHere(project, 'plan --offline'), {
    exit: 2,
    text: /without a database none is pending[^]*--from 001_songs/,
  })
  t.match(await runHere(project, 'plan --from 002_bond'), {
    exit: 2,
    text: /"002_bond", which is no revision[^]*--from 002_band/,
  })
  await project.write({
    '003_needs': code(`if (!(await knex('bands').first('id'))) throw new Error('no band')
  await knex('bands').update({ name: "it's" })`),
  })
  const needs = await runHere(project, 'plan')
  t.match(needs, {
    exit: 4,
    text: /003_needs\n {2}changes {7}no change to the catalog\n {2}RULE .*\(every-row-written\)/,
  })
  t.match(
    (await runHere(project, 'plan --sql')).text,
    /^-- 003_needs\nBEGIN;\n[^]*update "bands" set "name" = \$1;\nEXECUTE schemagate_statement\('it''s'\);\n[^]*\nCOMMIT;$/,
  )
  await project.write({ '003_needs': null, '004_fails': code(`await knex('songz').update({ a: 1 })`) })
  const failed = await runHere(project, 'plan')
  t.equal(failed.exit, 7)
  t.match(
    failed.text,
    /WOULD FAIL: 004_fails\n[^]*004_fails {2}FAILS in a scratch database[^]*message {5}relation "songz" does not exist/,
  )
  t.match(failed.document, { failed: { revision: '004_fails', statements: [{ error: /songz/ }] } })
  await project.write({
    '004_fails': null,
    '005_comment': {
      code: '// schemagate: allow rewrite -- why not\nexport const up = async (knex) => knex.raw(`select 1`)',
    },
  })
  t.match(await runHere(project, 'plan'), { exit: 2, text: /allows "rewrite", which is no hazard/ })
})

const pending: Readonly<Record<string, MigrationData>> = {
  '002_wide': ['alter table songs alter a type bigint', 'alter table songs add x int'],
  '003_index': { up: 'create index concurrently songs_title on songs (title)', transaction: false },
  '004_albums': ['create table albums (id int primary key, note text)', 'create index on albums (note)'],
  '005_allowed': {
    code: `// schemagate: allow full-scan -- a few bands
export const up = (knex) => knex.raw('alter table bands alter name drop not null').then(() => knex.raw('create index bands_name on bands (name)'))
`,
  },
  '006_rename': 'alter table plays rename to listens',
}

t.test('what pending revisions do to others is told before they run, or refuses', async (t) => {
  const project = await createProject(t, { '001_start': songs })
  await project.migrate()
  await project.query('insert into songs select n from generate_series(1, 1000) n; analyze songs')
  await project.rebuild(pending)
  const told = [
    [
      '002_wide',
      'table-rewrite',
      /^rewrites public\.songs, about 1,000 rows, \d+ kB: readers and writers wait$/,
    ],
    [
      '006_rename',
      'data-loss',
      /^data loss: the rows of public\.plays, unless it is renamed to public\.listens$/,
    ],
  ] as const
  for (const command of ['migrate', 'serve']) {
    const refused = await runHere(project, command, { env: { ON_HAZARD: 'refuse' } })
    t.match(refused, { exit: 4, document: { code: 'SCHEMA_HAZARD_REFUSED' } }, refused.text)
    t.match(
      refused.text,
      /^SCHEMA_HAZARD_REFUSED: 2 pending revisions would do to others what nobody has allowed\. Nothing was migrated\.\n\n {2}database +\S+\n {2}environment +production\n {2}allowed +lock, outside-a-transaction\n {2}not allowed +002_wide: rewrites public\.songs, about 1,000 rows, \d+ kB: readers and writers wait \(table-rewrite\)\n +006_rename: data loss: [^\n]+ \(data-loss\)\n\nDo one of:\n {2}npx schemagate plan [^\n]+\n {2}\/\/ schemagate: allow table-rewrite -- REASON [^\n]+\n {2}PLAN_ALLOW=lock,outside-a-transaction,table-rewrite,data-loss [^\n]+\n {2}ON_HAZARD=warn /,
    )
    t.strictSame(await project.query('select name from knex_migrations'), [{ name: '001_start.js' }])
  }
  const [allow, warn] = [{ ON_HAZARD: 'allow' }, { PLAN_ALLOW: 'lock,outside-a-transaction,data-loss' }]
  const fresh = await createProject(t, { '001_start': songs, ...pending })
  const foreseen = async (line: string, env: Readonly<Record<string, string>>) =>
    (await runHere(project, line, { env })).events.filter(({ event }) => event === 'hazard foreseen')
  t.match(
    (await runHere(fresh, 'migrate', { env: { ON_HAZARD: 'refuse' } })).exit,
    0,
    'nobody uses an empty database',
  )
  t.match(
    await foreseen('migrate --to 005_allowed', warn),
    [told[0]].map(([revision, hazard, text]) => ({ revision, hazard, text })),
  )
  t.strictSame(await foreseen('migrate', allow), [])
  t.strictSame(await foreseen('migrate', {}), [], 'nothing is pending')
})

const moods = `create type mood as enum ('sad', 'it''s', 'ok'); create type "M o" as enum ('x', 'y');
  create type pair as (a mood, n int); create domain few as pair[]; create domain one as mood;
  create table songs (id int primary key, one one, many mood[], few few, other "M o", word text, words text[]);
  create table parts (id int, mood mood) partition by list (id); create table part partition of parts for values in (1)`

/** Replaces the type by one with other labels, as PostgreSQL requires it. */
const replaceMood = (labels: string): readonly string[] => [
  'alter type mood rename to mood_old',
  `create type mood as enum (${labels})`,
  `alter domain one drop not null`,
  'alter table songs alter one type mood using one::text::mood, alter many type mood[] using many::text::mood[]',
  'alter table songs drop few',
  'alter table parts alter mood type mood using mood::text::mood',
]

const inMoods: Readonly<Record<string, { readonly sql: MigrationData; readonly said: readonly string[] }>> = {
  '002_rename': {
    sql: `alter type "M o" rename value 'x' to 'z'`,
    said: [
      `renames 'x' of public."M o" becomes 'z', which public.songs.other can have; rows with it: 1, such as id = 1`,
    ],
  },
  '003_renamed_inside': {
    sql: `alter type mood rename value 'sad' to 'blue'`,
    said: [
      `renames 'sad' of public.mood becomes 'blue', which public.parts.mood can have; rows with it: at least 1000, such as ctid = (0,1)`,
      `renames 'sad' of public.mood becomes 'blue', which public.songs.few can have; rows with it: 1, such as id = 3`,
      `renames 'sad' of public.mood becomes 'blue', which public.songs.many can have; rows with it: 2, such as id = 1`,
      `renames 'sad' of public.mood becomes 'blue', which public.songs.one can have; rows with it: 1, such as id = 1`,
    ],
  },
  '004_narrow': {
    sql: replaceMood(`'blue', 'ok'`),
    said: [
      `may fail public.mood loses 'it''s', which public.songs.many can have; rows with it: 1, such as id = 2`,
      `loses public.songs.few is dropped; rows with a value: 2, such as id = 3`,
    ],
  },
  '005_into_enum': {
    sql: [
      `create type word as enum ('a', 'b')`,
      'alter table songs alter word type word using word::word, alter words type word[] using words::word[]',
    ],
    said: [
      'may fail public.songs.word becomes public.word; values that are no public.word: 1, such as id = 2',
      'may fail public.songs.words becomes public.word[]; values that are no public.word[]: 1, such as id = 1',
    ],
  },
}

t.test('labels of enums that go or get other names are counted where they are used', async (t) => {
  const project = await createProject(t, { '001_moods': moods })
  await project.migrate()
  await project.query(`insert into songs values (1, 'sad', '{ok,sad}', null, 'x', 'a', '{a,c}'),
      (2, null, '{{sad,"it''s"},{ok,ok}}', null, 'y', 'secret', null), (3, 'ok', '{}', array[row('ok', 1), row('sad', 2)]::pair[], null, 'b', '{b}'),
      (4, 'ok', null, '{}', null, null, null);
    insert into parts select 1, 'sad' from generate_series(1, 1200)`)
  await project.write(Object.fromEntries(Object.entries(inMoods).map(([name, { sql }]) => [name, sql])))
  const result = await runHere(project, 'plan')
  t.equal(result.exit, 4, result.text)
  t.strictSame(
    saidOf(result.text),
    Object.entries(inMoods).map(([name, { said }]) => [name, said]),
  )
  t.notMatch(result.text + JSON.stringify(result.document), /secret/)
})

/** What the rows say to each revision, in text. */
function saidOf(text: string): readonly (readonly [revision: string, said: readonly string[]])[] {
  const [, ...parts] = text.split(/^(?=0\d\d_)/m)
  return parts.map((part) => {
    const said = part.match(/^ {2}(?:FAILS|loses|renames|may fail) .*$/gm) ?? []
    return [part.split(/\s/)[0] ?? '', said.map((line) => line.trim().replace(/ {2,}/, ' '))]
  })
}
