import t from 'tap'
import { formatProgress } from '../../src/core/progress/messages.js'
import { runHere } from '../support/command.js'
import { createProject, type Migrations, type Project } from '../support/project.js'

t.jobs = 2

const migrations: Migrations = { '001_songs': 'create table songs (id int primary key)' }

/** A ledger as plain Knex makes it, of a service that calls it what it wants. */
const knexLedger = (table: string, ...names: readonly string[]): string =>
  `create table ${table} (id serial primary key, name varchar(255), batch integer, migration_time timestamptz);
  ${names.map((name) => `insert into ${table} (name, batch) values ('${name}', 1);`).join('\n')}`

const eventsLedger = (schema: string): string =>
  `create table ${schema}.schemagate_ledger (id bigint generated always as identity primary key, at timestamptz default now(),
    revision text, event text not null, host text, checksum text, detail jsonb);
  insert into ${schema}.schemagate_ledger (event, detail)
    values ('identified', '{"identity": {"id": "1", "service": "albums", "environment": "production"}}')`

const knexfile = (migrations: string, more = ''): string =>
  `export default { client: 'pg', migrations: { ${migrations} }, ${more} }`

interface Case {
  readonly name: string
  readonly sql: string
  readonly knexfile?: string
  /** What is said; null where the database is taken. */
  readonly says: RegExp | null
}

const cases: readonly Case[] = [
  {
    name: 'a ledger of Knex under a name of its own, in a schema of its own',
    sql: `create schema billing; ${knexLedger('billing.billing_migrations', '2020_invoices.js', '2021_customers.js')}`,
    says: /^SCHEMA_WRONG_DATABASE: the database has the ledger of another project, billing\.billing_migrations, and none of this one\. .*\n {2}billing\.billing_migrations +2 revisions up to 2021_customers\n/s,
  },
  {
    name: 'a ledger of Knex under a name of its own, in the same schema',
    sql: knexLedger('billing_migrations', '2020_invoices.js'),
    says: /^SCHEMA_WRONG_DATABASE: .*public\.billing_migrations/,
  },
  {
    name: 'the ledger of another service of schemagate, all of whose revisions were reverted',
    sql: `create schema albums; ${eventsLedger('albums')}`,
    says: /^SCHEMA_WRONG_DATABASE: .*albums\.schemagate_ledger, and none of this one.*\n {2}albums\.schemagate_ledger +belongs to service albums, environment production\n/s,
  },
  {
    name: 'its own revisions in a ledger that the knexfile does not name',
    sql: `create schema record; ${knexLedger('record.prod_migrations', '001_songs.ts')}`,
    says: /^SCHEMA_WRONG_DATABASE: the database records revisions of this build in record\.prod_migrations, which is not the ledger that the knexfile names\./,
  },
  {
    name: 'a ledger of another service in its schema, where the knexfile names one of its own',
    sql: `create schema billing; ${knexLedger('billing.billing_migrations', '2020_invoices.js')}`,
    knexfile: knexfile(`schemaName: 'songs'`, `searchPath: 'songs'`),
    says: null,
  },
  {
    name: 'an empty ledger of another service',
    sql: knexLedger('billing_migrations'),
    says: /^SCHEMA_UNMANAGED/,
  },
  {
    name: 'a table that only looks like a ledger',
    sql: 'create schema other; create table other.batches (id int, name text, batch int)',
    says: null,
  },
]

const made = (project: Project) =>
  project.query(`select count(*)::int as number from pg_class where relname in ('songs', 'knex_migrations')`)

for (const { name, sql, knexfile: file, says } of cases)
  t.test(`${says === null ? 'takes' : 'refuses'} a database with ${name}`, async (t) => {
    const files = file === undefined ? {} : { 'knexfile.js': file }
    const project = await createProject(t, migrations, { files, snapshot: false })
    const env = { ON_UNVERIFIED: 'warn' }
    await project.query(`${sql}; create schema if not exists songs`)
    for (const words of ['status', 'check', 'migrate']) {
      const { exit, text } = await runHere(project, words, { env })
      if (says === null) t.equal(exit, words === 'check' ? 3 : 0, `${words}: ${text}`)
      else if (words !== 'status') t.match(text, says, words)
      if (says !== null) t.equal(exit, 6, words)
    }
    t.strictSame(await made(project), [{ number: says === null ? 2 : 0 }])
  })

t.test('a database that is adopted beside another service is taken', async (t) => {
  const project = await createProject(t, migrations)
  await project.query(
    `create schema billing; ${knexLedger('billing.billing_migrations', '2020_invoices.js')}`,
  )
  t.equal((await runHere(project, 'migrate')).exit, 6)
  const adopted = await runHere(project, 'adopt --confirm production')
  t.equal(adopted.exit, 0, adopted.text)
  const migrated = await runHere(project, 'migrate')
  t.equal(migrated.exit, 0, migrated.text)
})

t.test('the schema of another service is one line, and no warning', async (t) => {
  const project = await createProject(t, migrations)
  await project.migrate()
  await project.query(`create schema billing; ${knexLedger('billing.billing_migrations', '2020_invoices.js')};
    create table billing.invoices (id int primary key, total int not null); create schema later`)
  const migrated = await runHere(project, 'migrate')
  t.equal(migrated.exit, 0, migrated.text)
  t.strictSame(
    migrated.events.flatMap((event) => (event.event === 'verified' ? [formatProgress(event)] : [])),
    [
      {
        level: 'warn',
        label: 'verified',
        text: '1 table, 1 column, 1 constraint: 1 difference; schema billing: 11 objects, not promised',
      },
    ],
  )
  await project.query('drop schema later')
  t.match(
    (await runHere(project, 'migrate')).events.flatMap((event) =>
      event.event === 'verified' ? [event] : [],
    ),
    [{ differences: 0, unpromised: { billing: 11 } }],
  )
  const verified = await runHere(project, 'verify --json')
  t.match(verified, { exit: 0, document: { verification: { unpromised: { billing: 11 } } } })
  t.match(
    project.plain(verified.text),
    /^app@db:5432\/songs at 001_songs \(current\)\n\nschema billing: 11 objects, not promised\n\nverified 1 table, 1 column, 1 constraint: as promised$/,
  )
  t.match(JSON.stringify(verified.document), '"key":"column:billing.invoices.total"', 'it is in the document')
})
