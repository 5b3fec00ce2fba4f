import type pg from 'pg'
import { type Catalog, type Facts, keysOf, parseKey } from '../core/model/catalog.js'
import { replaceInSteps } from '../core/model/snapshot.js'
import { forEachInSteps } from '../core/text/steps.js'
import { unquotedNames } from '../core/model/pattern.js'
import { queryRows } from '../postgres/connection/query.js'
import { runInTurns } from '../postgres/connection/run-in-turns.js'
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
  const copies: string[] = []
  const addCopy = (key: string): void => {
    if (isInvalidIndex(key, live) && isCopy(key, live)) copies.push(key)
  }
  await runInTurns(forEachInSteps(keysOf(live), addCopy))
  if (copies.length === 0) return { live, transient: [] }
  const transient = readOnly ? copies : await findTransient(client, copies)
  const leftOut = Object.fromEntries(transient.map((key) => [key, null]))
  return { live: await runInTurns(replaceInSteps(live, leftOut)), transient }
}

const reindexCopy = /^"?(.+)_cc(?:new|old)\d*"?$/s
const repackCopy = /^index_\d+$/

function isInvalidIndex(key: string, live: Catalog): boolean {
  return key.startsWith('index:') && live[key]?.['valid'] === false
}

/**
 * Whether an invalid index is, but for its name, another one of the same table, by the names that REINDEX
 * CONCURRENTLY and pg_repack give to their copies.
 */
function isCopy(key: string, live: Catalog): boolean {
  const [schema, table, name = ''] = parseKey(key).names
  const [, original] = reindexCopy.exec(name) ?? []
  if (original === undefined && !repackCopy.test(name)) return false
  const columns = columnsOf(live[key])
  const beginnings = ['index', 'constraint'].map((kind) => `${kind}:${schema}.${table}.`)
  return keysOf(live).some((other) => {
    const beginning = beginnings.find((each) => other.startsWith(each))
    if (other === key || beginning === undefined) return false
    const isNamesake =
      original === undefined || other.slice(beginning.length).replace(/^"/, '').startsWith(original)
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
