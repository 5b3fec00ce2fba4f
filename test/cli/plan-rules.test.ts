import t from 'tap'
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
  create trigger kept before insert on songs for each row execute function keep()`

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
    migration: ['alter table bands add y int', 'alter table bands add z int', 'update tracks set band = 1'],
    rules: ['work-under-lock public.bands'],
  },
  '011_allowed': {
    migration: {
      code: `// schemagate: allow rename -- the service is stopped meanwhile
export const up = (knex) => knex.raw('alter table bands rename to groups')
export const down = () => {}
`,
    },
    rules: ['rename public.bands'],
  },
}

t.test('each rule is found from what PostgreSQL says of the revision', async (t) => {
  const project = await createProject(t, { '001_start': start })
  await project.write(Object.fromEntries(Object.entries(cases).map(([name, each]) => [name, each.migration])))
  const result = await runHere(project, 'plan --offline --from 001_start')
  t.equal(result.exit, 4, result.text)
  t.match(result.text, /\n {2}not allowed: .*rename, disabled-trigger\n/)
  t.match(
    result.text,
    /\n {2}advice {8}public\.plays\.j is json: json has no equality[^\n]+ \(json-column\)\n {16}safer: jsonb\n/,
  )
  t.match(result.text, /\n {2}RULE {10}public\.songs gets another name: [^\n]+ \(rename\)\n/)
  const found = new Map(listIn(result.document, 'revisions').map((each) => [textIn(each, 'revision'), each]))
  for (const [revision, { rules }] of Object.entries(cases)) {
    const names = listIn(found.get(revision), 'rules').map(
      (each) => `${textIn(each, 'rule')} ${textIn(each, 'what')}`,
    )
    const told = names.filter((name) => !name.startsWith('no-down ') || revision === '009_no_down')
    t.strictSame(told.sort(), rules, revision)
  }
  t.match(listIn(found.get('011_allowed'), 'rules'), [{ kind: 'hazard', refused: false }])
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
