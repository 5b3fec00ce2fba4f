import type pg from 'pg'
import { type Catalog, parseKey, quoteName } from '../../core/model/catalog.js'
import type { Difference } from '../../core/model/diff.js'
import { queryRows } from '../connection/query.js'

/** That objects were made in a different schema than the one they are promised in, because of the search_path. */
export interface OtherSchema {
  readonly made: string
  readonly promised: string
  readonly searchPath: string
  /** What set the search_path, in words. */
  readonly setBy: string
}

/** Reads why promised objects are missing, if they are in the schema in which this session makes objects. */
export async function readOtherSchema(
  client: pg.ClientBase,
  differences: readonly Difference[],
  live: Catalog,
): Promise<OtherSchema | null> {
  const missing = differences.find(
    ({ change, key }) => change === 'missing' && parseKey(key).names.length > 1,
  )
  if (missing === undefined) return null
  const [row] = await queryRows(
    client,
    `select current_schema() as made, setting, source from pg_settings where name = 'search_path'`,
  )
  const made = quoteName(String(row?.['made']))
  const { kind, names } = parseKey(missing.key)
  const [promised = '', ...name] = names
  if (made === promised || live[`${kind}:${[made, ...name].join('.')}`] === undefined) return null
  const source = String(row?.['source'])
  return {
    made,
    promised,
    searchPath: String(row?.['setting']),
    setBy: setters[source] ?? `set by: ${source}`,
  }
}

const setters: Readonly<Record<string, string>> = {
  database: 'set for the database',
  user: 'set for the role',
  'database user': 'set for the role in this database',
  session: 'set by the knexfile',
  client: 'set by the connection',
  default: "PostgreSQL's default",
}
