import t from 'tap'
import { ruleNames } from '../../src/operations/plan/rules.js'
import { isRecord } from '../../src/core/text/is-record.js'
import { runHere } from '../support/command.js'
import { createProject, type MigrationData } from '../support/project.js'

interface RuleCase {
  readonly migration: MigrationData
  /** Each rule that it does not follow, and what of it. */
  readonly rules: readonly string[]
}

const start = `create table bands (id bigint primary key, name text, old text);
  create table songs (id bigint primary key, band bigint, data json);
  create function keep() returns trigger language plpgsql as $$ begin return new; end $$;
  create trigger kept before insert on songs for each row execute function keep();
  create type mood as enum ('sad', 'glad'); create schema stage;
  create materialized view loud as select id from songs; create unique index loud_id on loud (id)`

/** One after the other in one folder. What was there before and what a rename moves is not told. */
const cases: Readonly<Record<string, RuleCase>> = {
  '002_types': {
    migration: `create table plays (id bigint primary key, j json, many json[], b jsonb, at timestamp(3), z timestamptz,
      c char(4), v varchar(4))`,
    rules: [
      'char-column public.plays.c',
      'json-column public.plays.j',
      'json-column public.plays.many',
      'timestamp-without-zone public.plays.at',
    ],
  },
  '003_keys': {
    migration: [
      'create table no_key (a int)',
      'create table serials (id serial primary key, other bigserial)',
      'create table identities (id int generated always as identity primary key)',
      'create table places (id int primary key, number bigint generated always as identity)',
      'create table parts (id int, primary key (id)) partition by range (id)',
      'create table parts_1 partition of parts for values from (1) to (2)',
    ],
    rules: [
      'integer-key public.identities.id',
      'integer-key public.serials.id',
      'serial-column public.serials.id',
      'serial-column public.serials.other',
      'table-without-key public.no_key',
    ],
  },
  '004_foreign_key': {
    migration: 'alter table songs add constraint songs_band foreign key (band) references bands not valid',
    rules: ['foreign-key-without-index songs_band of public.songs'],
  },
  '005_indexed': {
    migration: [
      'create table covers (a bigint, song bigint constraint song references songs, primary key (song, a))',
      'create table rest (id bigint primary key, song bigint constraint part references songs)',
      'create index on rest (song) where id > 1',
    ],
    rules: ['foreign-key-without-index part of public.rest'],
  },
  '006_rename': {
    migration: [
      'create table tours (id bigint primary key)',
      'alter table tours rename to journeys',
      'alter table bands rename old to older',
      'alter table songs rename to tracks',
      'alter index songs_pkey rename to tracks_pkey',
    ],
    rules: ['rename public.bands.old', 'rename public.songs', 'work-under-lock public.bands'],
  },
  '007_trigger': {
    migration: [`do $$ begin execute 'alter table tracks disable trigger kept'; end $$`],
    rules: ['disabled-trigger public.tracks'],
  },
  '008_skipped': {
    migration: [
      'create table if not exists bands (id int)',
      'alter table bands add column if not exists name int',
      'drop table if exists nothing',
    ],
    rules: ['skipped ALTER TABLE', 'skipped CREATE TABLE'],
  },
  '009_no_down': {
    migration: { code: 'export const up = (knex) => knex.raw(`alter table bands add x int`)\n' },
    rules: ['no-down 009_no_down'],
  },
  '010_work': {
    migration: [
      'alter table bands add y int',
      'alter table bands add z int',
      'update tracks set data = null',
    ],
    rules: ['every-row-written public.tracks', 'work-under-lock public.bands'],
  },
  '011_allowed': {
    migration: {
      code: `// schemagate: allow rename -- the service is stopped meanwhile
export const up = (knex) => knex.raw('alter table bands rename to groups')
export const down = () => {}
`,
    },
    rules: ['empty-down 011_allowed', 'rename public.bands'],
  },
  '012_index': {
    migration: ['create index tracks_band on tracks (band)', 'drop index tracks_band'],
    rules: [
      'without-concurrently CREATE INDEX of public.tracks_band',
      'without-concurrently DROP INDEX of public.tracks_band',
    ],
  },
  '012_reindex': {
    migration: 'reindex table tracks',
    rules: ['without-concurrently REINDEX of public.tracks'],
  },
  '013_concurrently': {
    migration: {
      up: ['create index concurrently tracks_band on tracks (band)', 'drop index concurrently tracks_band'],
      transaction: false,
    },
    rules: [],
  },
  '014_refresh': {
    migration: ['refresh materialized view loud', 'refresh materialized view concurrently loud'],
    rules: [
      'repeated-scan public.loud',
      'without-concurrently REFRESH MATERIALIZED VIEW of public.loud',
      'work-under-lock public.loud',
    ],
  },
  '015_rows': {
    migration: [
      'update tracks set data = null where id = -1',
      'update tracks set data = null',
      'update groups set name = null',
    ],
    rules: ['every-row-written public.groups', 'every-row-written public.tracks'],
  },
  '016_not_valid': {
    migration: [
      'alter table tracks add constraint odd check (id is not null) not valid',
      'alter table tracks add constraint even check (id is not null) not valid',
      'alter table tracks validate constraint odd',
    ],
    rules: ['validated-at-once odd of public.tracks', 'work-under-lock public.tracks'],
  },
  '017_validate': { migration: 'alter table tracks validate constraint even', rules: [] },
  '018_columns': {
    migration: [
      'alter table tracks add seen timestamptz default clock_timestamp()',
      'alter table tracks add twice bigint generated always as (id * 2) stored',
      'alter table tracks add place bigint generated always as identity',
      'alter table tracks add fixed int default 3',
      'alter table groups add number bigserial',
    ],
    rules: [
      'numbered-column public.groups.number',
      'numbered-column public.tracks.place',
      'repeated-scan public.tracks',
      'serial-column public.groups.number',
      'stored-column public.tracks.twice',
      'volatile-default public.tracks.seen',
      'work-under-lock public.tracks',
    ],
  },
  '019_timeout': {
    migration: [`set local lock_timeout = 0`, 'alter table tracks add a int'],
    rules: ['no-lock-timeout public.tracks'],
  },
  '020_outside': {
    migration: { up: ['alter table tracks add b int'], transaction: false },
    rules: ['no-lock-timeout public.tracks'],
  },
  '021_outside': {
    migration: { up: [`set lock_timeout = '2s'`, 'alter table tracks add c int'], transaction: false },
    rules: [],
  },
  '022_names': {
    migration: [
      `alter type mood rename value 'sad' to 'blue'`,
      'alter schema stage rename to podium',
      `create table ${'long_'.repeat(14)} (id bigint primary key)`,
    ],
    rules: [
      `name-truncated ${'long_'.repeat(14)}`,
      'rename the schema stage',
      `rename the value 'sad' of public.mood`,
    ],
  },
  '023_design': {
    migration: [
      'create type key as enum ()',
      'create domain plus as int check (value > 0)',
      'create table prices (id bigint primary key, price money, a int, b int, c int)',
      'create index prices_all on prices (id, a, b, c)',
    ],
    rules: [
      'domain-check public.plus',
      'enum-type public.key',
      'money-column public.prices.price',
      'wide-index public.prices_all',
    ],
  },
  '024_empty_down': {
    migration: {
      code: 'export const up = (knex) => knex.raw(`alter table tracks add d int`)\nexport const down = () => {}\n',
    },
    rules: ['empty-down 024_empty_down'],
  },
  '025_down_throws': {
    migration: { up: 'alter table tracks add e int', down: 'alter table tracks drop f' },
    rules: ['down-throws 025_down_throws'],
  },
  '026_delete': { migration: 'delete from tracks', rules: ['every-row-written public.tracks'] },
  '027_down_works': {
    migration: { up: 'alter table tracks add g int', down: 'alter table tracks drop g' },
    rules: [],
  },
}

t.test('each rule is found from what PostgreSQL says of the revision', async (t) => {
  const project = await createProject(t, { '001_start': start })
  await project.write(Object.fromEntries(Object.entries(cases).map(([name, each]) => [name, each.migration])))
  const result = await runHere(project, 'plan --offline --from 001_start')
  t.equal(result.exit, 4, result.text)
  t.match(result.text, /\n {2}not allowed: .*rename, disabled-trigger, .*no-lock-timeout/)
  t.match(
    result.text,
    /\n {2}advice {8}public\.plays\.j is json: json has no equality[^\n]+ \(json-column\)\n {16}safer: jsonb\n/,
  )
  t.match(result.text, /\n {2}RULE {10}public\.songs gets another name: [^\n]+ \(rename\)\n/)
  const followed = new Set(ruleNames)
  const found = new Map(listIn(result.document, 'revisions').map((each) => [textIn(each, 'revision'), each]))
  for (const [revision, { rules }] of Object.entries(cases)) {
    const names = listIn(found.get(revision), 'rules').map(
      (each) => `${textIn(each, 'rule')} ${textIn(each, 'what')}`,
    )
    const told = names.filter((name) => !name.startsWith('no-down ') || revision === '009_no_down')
    for (const each of told) followed.delete(each.split(' ')[0] ?? '')
    t.strictSame(told.sort(), rules, revision)
  }
  t.match(listIn(found.get('011_allowed'), 'rules'), [
    { rule: 'empty-down' },
    { kind: 'hazard', refused: false },
  ])
  t.strictSame([...followed], ['inside-transaction', 'enum-value-used'], 'no other rule is without a case')
})

const choices: readonly (readonly [options: string, exit: number, text: RegExp])[] = [
  ['--allow lock', 0, /no hazard that is not allowed[^]*\n {2}advice {8}public\.plays\.j is json/],
  ['--allow none', 0, /advice/],
  ['--refuse json-column', 4, /not allowed: json-column\n[^]*\n {2}ADVICE {8}public\.plays\.j/],
  ['--refuse jsn-column', 2, /--refuse names "jsn-column", which is no rule[^]*--refuse json-column/],
]

const shown: Readonly<Record<string, RegExp>> = {
  markdown:
    /^\*\*as at 001\\_start, without a database: 2 pending revisions\*\*\n\n- not allowed: rename\n[^]*\n\| level \| revision \| where \| what \|\n\| --- \| --- \| --- \| --- \|\n[^]*\| error \| 003\\_rename\\\|\\<odd\\> \|  \| public\.bands gets another name: [^\n]+ \(rename\) \|/,
  github:
    /::notice file=migrations\/002_types\.js,title=002_types%3A json-column::public\.plays\.j is json: [^\n]+ Safer: jsonb\n[^]*::notice file=migrations\/003_rename%7C<odd>\.js,line=\d+,title=003_rename\|<odd>%3A lock::|::error file=migrations\/003_rename\|<odd>\.js,title=003_rename\|<odd>%3A rename::public\.bands gets another name/,
  junit:
    /^<\?xml version="1\.0" encoding="UTF-8"\?>\n<testsuite name="schemagate plan" tests="2" failures="1" skipped="0">\n {2}<testcase classname="plan" name="002_types"\/>\n {2}<testcase classname="plan" name="003_rename\|&lt;odd&gt;">\n {4}<failure message="rename">public\.bands gets another name: [^\n]+<\/failure>\n/,
}

const refusedByServer: readonly (readonly [up: readonly string[], rule: string])[] = [
  [['create index concurrently songs_band on songs (band)'], 'inside-transaction'],
  [[`alter type mood add value 'odd'`, `select 'odd'::mood`], 'enum-value-used'],
]

t.test('what PostgreSQL refuses in a transaction is told with what to do instead', async (t) => {
  for (const [up, rule] of refusedByServer) {
    const project = await createProject(t, { '001_start': start })
    await project.write({ [`002_${rule}`]: [...up] })
    const result = await runHere(project, 'plan --offline --from 001_start')
    t.equal(result.exit, 7)
    t.match(
      result.text,
      new RegExp(`FAILS in a scratch database[^]*\\n  RULE +002_[a-z-]+ [^]*\\(${rule}\\)`),
    )
  }
})

t.test('a plan is shown as markdown, annotations, code scanning and test cases', async (t) => {
  const project = await createProject(t, { '001_start': start })
  await project.write({
    '002_types': 'create table plays (id bigint primary key, j json)',
    '003_rename|<odd>': 'alter table bands rename to groups',
  })
  const planAs = (format: string) => runHere(project, `plan --offline --from 001_start --format ${format}`)
  for (const [format, text] of Object.entries(shown)) {
    const result = await planAs(format)
    t.equal(result.exit, 4, format)
    t.match(result.text, text)
  }
  const sarif = await planAs('sarif')
  t.match(JSON.parse(sarif.text), {
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'schemagate', rules: [{ id: String, shortDescription: { text: String } }] } },
        results: [
          {
            ruleId: String,
            level: /^(?:error|warning|note)$/,
            message: { text: String },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: 'migrations/002_types.js' },
                  region: { startLine: Number },
                },
              },
            ],
          },
        ],
      },
    ],
  })
  t.match(sarif.text, /"uri": "migrations\/003_rename%7C%3Codd%3E\.js"/)
  t.strictSame(JSON.parse((await planAs('json')).text).pending, ['002_types', '003_rename|<odd>'])
  t.match(await planAs('html'), { exit: 2, text: /"html" is no format[^]*--format text\|json\|markdown/ })
})

t.test('advice is told, and refused only by name', async (t) => {
  const project = await createProject(t, { '001_start': start })
  await project.write({ '002_types': 'create table plays (id bigint primary key, j json)' })
  for (const [options, exit, text] of choices) {
    const result = await runHere(project, `plan --offline --from 001_start ${options}`)
    t.equal(result.exit, exit, options)
    t.match(result.text, text)
  }
  await project.write({ '003_rename': 'alter table bands rename to groups' })
  t.equal((await runHere(project, 'plan --offline --from 001_start --allow lock')).exit, 4)
  t.equal((await runHere(project, 'plan --offline --from 001_start --allow lock,rename')).exit, 0)
  const env = { PLAN_ALLOW: 'lock, rename' }
  t.equal(
    (await runHere(project, 'plan --offline --from 001_start', { env })).exit,
    0,
    'for all by PLAN_ALLOW',
  )
})

function listIn(value: unknown, name: string): readonly unknown[] {
  const list = isRecord(value) ? value[name] : []
  return Array.isArray(list) ? list : []
}

function textIn(value: unknown, name: string): string {
  return isRecord(value) ? String(value[name]) : ''
}
