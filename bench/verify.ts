import pg from 'pg'
import { differencesFrom, promisedAt, type Snapshot } from '../src/core/snapshot.js'
import { readCatalog } from '../src/postgres/introspect.js'
import { queryText } from './build.js'
import { compare, timed } from './measure.js'
import type { Part } from './part.js'

/** Reading, parsing and comparing a whole catalog, against its queries alone, on a warm connection. */
export function verify(tables: number): Part {
  return {
    title: `verification of ${tables.toLocaleString('en')} tables: milliseconds`,
    measure: async ({ createDatabase, runs }) => {
      const client = new pg.Client({ connectionString: await createDatabase() })
      await client.connect()
      try {
        await createTables(client, tables)
        const snapshot = await promise(client)
        const text = queryText()
        return await compare(
          [
            {
              name: 'bare: the catalog queries, rows thrown away',
              run: () => timed(() => client.query({ text, rowMode: 'array' })),
            },
            { name: 'readCatalog', run: () => timed(() => readCatalog(client)) },
            { name: 'readCatalog, fold, diff', run: () => timed(() => check(client, snapshot)) },
          ],
          { warmUp: 5, runs },
        )
      } finally {
        await client.end()
      }
    },
  }
}

/** A snapshot of one revision that promises what is there. */
async function promise(client: pg.Client): Promise<Snapshot> {
  const changes = await readCatalog(client)
  return { postgres: 18, base: {}, revisions: [{ revision: '1', file: null, checksum: null, changes }] }
}

async function check(client: pg.Client, snapshot: Snapshot): Promise<void> {
  const live = await readCatalog(client)
  const differences = differencesFrom(promisedAt(snapshot, ['1']), live)
  if (differences.length > 0) throw new Error(`${differences.length} differences from what was just read`)
}

/** In transactions of 50, because PostgreSQL keeps a lock for each object until the commit. */
async function createTables(client: pg.Client, tables: number): Promise<void> {
  const statements = Array.from({ length: tables }, (_, index) => createTable(index))
  for (let done = 0; done < tables; done += 50)
    await client.query(['begin', ...statements.slice(done, done + 50), 'commit'].join(';\n'))
  await client.query('vacuum analyze')
}

/** 10 columns, 5 constraints, 2 indexes more. */
function createTable(index: number): string {
  const parent = index === 0 ? 'bigint' : `bigint references table_${index - 1} on delete cascade`
  return `create table table_${index} (
      id bigint generated always as identity primary key,
      parent_id ${parent},
      name varchar(200) not null,
      slug text not null unique,
      status text not null default 'new' check (status in ('new', 'open', 'closed')),
      amount numeric(12, 2) not null default 0 check (amount >= 0),
      tags text[] not null default '{}',
      document jsonb,
      is_active boolean not null default true,
      created_at timestamptz not null default now()
    );
    create index on table_${index} (parent_id, created_at desc);
    create index on table_${index} (lower(name)) where is_active`
}
