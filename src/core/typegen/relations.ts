import { type Facts, parseKey, sortKeys, unquoteName } from '../model/catalog.js'
import type { PromisedCatalog } from '../model/snapshot.js'
import { columnType, type TypeContext, type UnionMembers } from './column-types.js'

/** A column with its TypeScript types. */
export interface TypedColumn {
  readonly name: string
  readonly read: UnionMembers
  /** What an insert or an update may pass; null for a column that only PostgreSQL writes. */
  readonly write: UnionMembers | null
  /** Whether an insert may omit it. */
  readonly optional: boolean
}

/** A table or a view. */
export interface TypedRelation {
  readonly schema: string
  readonly name: string
  readonly columns: readonly TypedColumn[]
  /** False for a materialized view. */
  readonly writable: boolean
}

const tableKinds: ReadonlySet<string> = new Set(['table', 'foreign_table'])
const viewKinds: ReadonlySet<string> = new Set(['view', 'materialized_view'])

/** The tables and views of a promise in reading order, with their columns. A view without known columns is left out. */
export function collectRelations(promised: PromisedCatalog, known: TypeContext): readonly TypedRelation[] {
  const columns = columnsByTable(promised, known)
  return sortKeys(Object.keys(promised.catalog)).flatMap((key) => {
    const { kind, names } = parseKey(key)
    const [schema = '', name = ''] = names.map(unquoteName)
    const relation = { schema, name, writable: kind !== 'materialized_view' }
    if (tableKinds.has(kind)) return [{ ...relation, columns: columns.get(names.join('.')) ?? [] }]
    const listed = viewKinds.has(kind) ? promised.catalog[key]?.['columns'] : undefined
    return Array.isArray(listed)
      ? [{ ...relation, columns: listed.map((line) => viewColumn(line, known)) }]
      : []
  })
}

function columnsByTable(
  { catalog, undetermined }: PromisedCatalog,
  known: TypeContext,
): ReadonlyMap<string, readonly TypedColumn[]> {
  const tables = new Map<string, { readonly position: number; readonly column: TypedColumn }[]>()
  for (const key of sortKeys(Object.keys(catalog))) {
    const { kind, names } = parseKey(key)
    const facts = catalog[key]
    if (kind !== 'column' || facts === undefined) continue
    const table = names.slice(0, 2).join('.')
    const column = tableColumn(
      unquoteName(names[2] ?? ''),
      { ...placeholderFacts(undetermined[key]), ...facts },
      known,
    )
    const position = Number(facts['$position'] ?? 0)
    tables.set(table, [...(tables.get(table) ?? []), { position, column }])
  }
  return new Map(
    [...tables].map(([table, found]) => [
      table,
      found.sort((one, other) => one.position - other.position).map(({ column }) => column),
    ]),
  )
}

/** A fact that differs at every replay has no value in the snapshot, but it exists. */
function placeholderFacts(names: readonly string[] = []): Facts {
  return Object.fromEntries(names.map((name) => [name, 'not determined']))
}

function tableColumn(name: string, facts: Facts, known: TypeContext): TypedColumn {
  const { read, write, nullable: mayBeNull, hasDefault } = columnType(String(facts['type']), known)
  const nullable = facts['nullable'] !== false && mayBeNull
  const isGenerated = facts['generated'] !== undefined || facts['identity'] === 'always'
  const isFilled = hasDefault || facts['default'] !== undefined || facts['identity'] !== undefined
  return {
    name,
    // A NOT NULL that is not validated applies to new rows only.
    read: nullable || facts['valid'] === false ? withNull(read) : read,
    write: isGenerated ? null : nullable ? withNull(write) : write,
    optional: nullable || isFilled || isGenerated,
  }
}

/** PostgreSQL does not know whether a column of a view can be null, so every one can. */
function viewColumn(line: string, known: TypeContext): TypedColumn {
  const [, name = '', type = ''] = /^("(?:[^"]|"")*"|[^ ]+) (.*)$/s.exec(line) ?? []
  const { read, write } = columnType(type, known)
  return { name: unquoteName(name), read: withNull(read), write: withNull(write), optional: true }
}

/** The type `Json` includes null already. */
function withNull(union: UnionMembers): UnionMembers {
  return union.includes('Json') ? union : [...union, 'null']
}
