import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { changesBetween } from '../src/core/model/snapshot.js'
import { type Gate, openGate, stamp } from '../src/index.js'
import { allAnnotations, readCatalog } from '../src/postgres/introspect/read-catalog.js'
import { saveSnapshot } from '../src/snapshot/file.js'
import { createDatabase } from '../test/support/database.js'
import { longestTurn } from './event-loop.js'
import { compare, type Figure, type Measured } from './measure.js'
import { describeSize, type Part } from './part.js'
import { createTables, withClient } from './verify.js'

const revision = '001_tables'

/** How long a serving process answers nothing while it checks a catalog of so many tables that others change. */
export function turns(tables: number): Part {
  return {
    name: 'turns',
    title: `longest turn of a serving process, ${describeSize({ tables })}`,
    size: { tables },
    measure: async ({ owner, runs }) => {
      const url = await createDatabase(owner)
      const root = await mkdtemp(join(tmpdir(), 'schemagate-turns-'))
      try {
        return await withClient(url, async (client) => {
          await writeProject(root, client, tables)
          return measureGate({ root, url, client }, Math.min(runs, 5))
        })
      } finally {
        await rm(root, { recursive: true })
      }
    },
  }
}

/** A project of one migration that promises what its database has. */
async function writeProject(root: string, client: pg.Client, tables: number): Promise<void> {
  const base = await readCatalog(client, allAnnotations)
  await createTables(client, tables, smallTable)
  const changes = changesBetween(base, await readCatalog(client, allAnnotations))
  const folder = join(root, 'migrations')
  await mkdir(folder)
  await writeFile(join(root, 'package.json'), '{ "name": "turns", "type": "module" }\n')
  await writeFile(
    join(folder, `${revision}.js`),
    'export const up = () => {}\nexport const down = () => {}\n',
  )
  await saveSnapshot(folder, {
    postgres: 18,
    base,
    revisions: [{ revision, file: null, checksum: null, changes }],
  })
}

function smallTable(index: number): string {
  return `create table table_${index} (
      id bigint generated always as identity primary key,
      name text not null,
      amount numeric(12, 2) not null default 0,
      created_at timestamptz not null default now()
    );
    create index on table_${index} (name, created_at)`
}

interface Place {
  readonly root: string
  readonly url: string
  readonly client: pg.Client
}

async function measureGate({ root, url, client }: Place, runs: number): Promise<readonly Figure[]> {
  const env = {
    NODE_ENV: 'production',
    LOG_LEVEL: 'error',
    DATABASE_URL: url,
    VERIFY_INTERVAL: '1s',
    VERIFY_TIMEOUT: '1m',
  }
  await stamp({ root, env, revision })
  const gate = await openGate({ root, env })
  const turning = (act: () => Promise<unknown>) => async (): Promise<Measured> => ({
    wall: await longestTurn(act),
  })
  const changing = (sql: string, differs: boolean) =>
    turning(async () => {
      await client.query(sql)
      await untilSeen(gate, differs)
    })
  try {
    const contenders = [
      { name: 'nothing has changed', run: turning(() => sleep(3_000)) },
      { name: 'a column was added', run: changing('alter table table_7 add column extra text', true) },
      { name: 'it was dropped again', run: changing('alter table table_7 drop column extra', false) },
    ]
    return await compare(contenders, { warmUp: 1, runs })
  } finally {
    await gate.close()
  }
}

/** Until a check has found differences, or none. */
function untilSeen({ health }: Gate, differs: boolean): Promise<void> {
  return new Promise((resolve) => {
    health.subscribe(({ documents }) => {
      if ((documents.full.verification?.differenceCount ?? 0) > 0 === differs) resolve()
    })
  })
}
