/** How many revisions a project has, and how many tables they create. */
export interface HistorySize {
  readonly revisions: number
  readonly tables: number
}

/** What a generated revision runs: plain SQL, for every tool the same. */
export interface GeneratedRevision {
  readonly name: string
  readonly up: string
  readonly down: string
}

/**
 * A schema that grew: each table is created by one revision, and changed by later ones.
 *
 * @param count how many of the history's revisions to generate, which may be more than it has
 */
export function generateRevisions(
  { revisions, tables }: HistorySize,
  count = revisions,
): readonly GeneratedRevision[] {
  const between = Math.floor(revisions / tables)
  return Array.from({ length: count }, (_, index) => {
    const table = Math.floor(index / between)
    const isNew = index % between === 0 && table < tables
    const change = isNew ? newTable(table) : changeTable(index, tables)
    // One of the peers wants the part after the number to be unique, too.
    return { name: `${String(index + 1).padStart(5, '0')}_revision_${index + 1}`, ...change }
  })
}

/** Its multiples are spread evenly between whole numbers. */
const goldenRatio = 0.618034

type Change = Omit<GeneratedRevision, 'name'>

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
