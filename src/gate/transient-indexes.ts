import type pg from 'pg'
import { type Catalog, type Facts, parseKey } from '../core/model/catalog.js'
import { unquotedNames } from '../core/model/pattern.js'
import { pickKeys } from '../core/model/snapshot.js'
import { queryRows } from '../postgres/connection/query.js'
import type { Inspection } from '../postgres/inspect/inspection.js'
import { findIndexBuilders } from '../postgres/locks/index-builders.js'

/** A catalog without the indexes that a REINDEX CONCURRENTLY which runs at the moment will drop again. */
export interface SettledCatalog {
  readonly live: Catalog
  /** The keys of what was left out. Nothing in the catalog changes if that build is killed: it has to be looked for again. */
  readonly transient: readonly string[]
}

/** Looks for transient indexes only where the names of invalid indexes look like theirs: usually the server is not asked. */
export async function leaveOutTransientIndexes(
  client: pg.ClientBase,
  { live, readOnly }: Pick<Inspection, 'live' | 'readOnly'>,
): Promise<SettledCatalog> {
  const copies = Object.keys(live).filter((key) => isCopy(key, live))
  if (copies.length === 0) return { live, transient: [] }
  const transient = readOnly ? copies : await findTransient(client, copies)
  const left = new Set(transient)
  return {
    live: pickKeys(
      live,
      Object.keys(live).filter((key) => !left.has(key)),
    ),
    transient,
  }
}

const reindexCopy = /^"?(.+)_cc(?:new|old)\d*"?$/s
const repackCopy = /^index_\d+$/

/**
 * Whether an index is invalid and is, but for its name, another one of the same table, by the names that REINDEX
 * CONCURRENTLY and pg_repack give to their copies.
 */
function isCopy(key: string, live: Catalog): boolean {
  const { kind, names } = parseKey(key)
  const [schema, table, name = ''] = names
  if (kind !== 'index' || live[key]?.['valid'] !== false) return false
  const [, original] = reindexCopy.exec(name) ?? []
  if (original === undefined && !repackCopy.test(name)) return false
  const columns = columnsOf(live[key])
  return Object.keys(live).some((other) => {
    const { kind: otherKind, names: otherNames } = parseKey(other)
    if (other === key || otherNames[0] !== schema || otherNames[1] !== table) return false
    if (otherKind !== 'index' && otherKind !== 'constraint') return false
    const isNamesake =
      original === undefined || otherNames[2]?.replace(/^"/, '').startsWith(original) === true
    // The definition of a key does not say how its columns are compared, which that of its index may.
    const isKey =
      original !== undefined && /^(?:PRIMARY KEY|UNIQUE)/.test(String(live[other]?.['definition']))
    return isNamesake && (isKey || columnsOf(live[other]) === columns)
  })
}

/** `(id) INCLUDE (title)`, of an index or of a primary key or unique constraint. */
function columnsOf(facts: Facts | undefined): string {
  return String(facts?.['definition']).replace(/^.*? USING \w+ |^(?:PRIMARY KEY|UNIQUE) /s, '')
}

/**
 * Those on a table of which somebody builds an index, even while that waits for old transactions, and those that are gone by
 * now. In this order: an index whose build ends in between is then gone. A standby shows no builds, and refuses no rows.
 */
async function findTransient(client: pg.ClientBase, copies: readonly string[]): Promise<readonly string[]> {
  const builders = await findIndexBuilders(client)
  const rows = await queryRows(
    client,
    `select quote_ident(n.nspname) || '.' || quote_ident(c.relname) as "table", n.nspname as schema, i.relname as name
      from pg_index x
        join pg_class i on i.oid = x.indexrelid
        join pg_class c on c.oid = x.indrelid
        join pg_namespace n on n.oid = c.relnamespace
      where not x.indisvalid`,
  )
  const left = new Set(
    rows
      .filter(({ table }) => !builders.has(String(table)))
      .map(({ schema, name }) => JSON.stringify([schema, name])),
  )
  return copies.filter((key) => {
    const [schema, , name] = unquotedNames(key)
    return !left.has(JSON.stringify([schema, name]))
  })
}
