import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** How many migrations a project has, and how many tables they create. */
export interface HistorySize {
  readonly revisions: number
  readonly tables: number
}

/** Writes the migrations of a project whose schema grew: each table is created, and changed by later revisions. */
export async function writeHistory(root: string, { revisions, tables }: HistorySize): Promise<void> {
  const folder = join(root, 'migrations')
  await mkdir(folder, { recursive: true })
  await writeFile(join(root, 'package.json'), '{ "name": "history", "type": "module" }\n')
  const between = Math.floor(revisions / tables)
  for (let index = 0; index < revisions; index += 1) {
    const table = Math.floor(index / between)
    const isNew = index % between === 0 && table < tables
    const sql = isNew ? newTable(table) : changeTable(index, tables)
    const name = `${String(index + 1).padStart(5, '0')}_revision.js`
    await writeFile(join(folder, name), migration(sql.up, sql.down))
  }
}

/** Its multiples are spread evenly between whole numbers. */
const goldenRatio = 0.618034

interface Change {
  readonly up: string
  readonly down: string
}

function migration(up: string, down: string): string {
  return `export const up = (knex) => knex.raw(\`${up}\`)\nexport const down = (knex) => knex.raw(\`${down}\`)\n`
}

function newTable(index: number): Change {
  return { up: createTable(index), down: `drop table table_${index}` }
}

/** A table with 10 columns, 5 constraints and 2 more indexes. */
export function createTable(index: number): string {
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

/** A column, an index or a check, spread over the tables that exist by then. */
function changeTable(index: number, tables: number): Change {
  const existing = Math.max(1, Math.min(tables, Math.floor(index / 3)))
  const table = `table_${Math.floor(((index * goldenRatio) % 1) * existing)}`
  switch (index % 3) {
    case 0:
      return {
        up: `alter table ${table} add column note_${index} text`,
        down: `alter table ${table} drop column note_${index}`,
      }
    case 1:
      return {
        up: `create index index_${index} on ${table} (created_at, status)`,
        down: `drop index index_${index}`,
      }
    default:
      return {
        up: `alter table ${table} add constraint check_${index} check (amount < ${1_000_000 + index})`,
        down: `alter table ${table} drop constraint check_${index}`,
      }
  }
}
