import pg from 'pg'
import { type Catalog, type Facts, parseKey, relationKeysOf, unquoteName } from '../../core/model/catalog.js'
import { fullCatalogAt, type Snapshot } from '../../core/model/snapshot.js'
import { queryRows } from '../connection/query.js'

/**
 * What reverting a revision takes away that nothing can give back, for people: rows of tables and values of columns that
 * there are. Empty where nothing is lost. Where it is not known, as for a revision that changes rows alone, that is said.
 */
export async function lossOfReverting(
  client: pg.ClientBase,
  revision: string,
  recorded: readonly string[],
  snapshot: Snapshot | null,
): Promise<readonly string[]> {
  const changes = snapshot?.revisions.find((entry) => entry.revision === revision)?.changes
  if (snapshot === null || changes === undefined) return ['not known: the snapshot does not have it']
  if (Object.keys(changes).length === 0)
    return ['not known: it changes no object, and its down may change rows']
  const without = recorded.filter((each) => each !== revision)
  const [from, to] = [fullCatalogAt(snapshot, recorded), fullCatalogAt(snapshot, without)]
  const lost: string[] = []
  for (const key of Object.keys(changes)) {
    const holder = holderOf(key, from, to)
    if (holder !== null && (await holdsData(client, holder))) lost.push(holder.what)
  }
  return lost
}

interface Holder {
  readonly what: string
  readonly table: string
  /** Null for whole rows. */
  readonly column: string | null
}

/** A table that goes, or a column that goes or gets another type. A column goes with its table. */
function holderOf(key: string, from: Catalog, to: Catalog): Holder | null {
  const { kind, names } = parseKey(key)
  const [facts, after] = [from[key], to[key]]
  const name = key.slice(kind.length + 1)
  const [schema = '', relation = '', column = ''] = names.map((each) =>
    pg.escapeIdentifier(unquoteName(each)),
  )
  const table = `${schema}.${relation}`
  if (facts === undefined) return null
  if (kind === 'table')
    return after === undefined ? { what: `the rows of ${name}`, table, column: null } : null
  const goesWithTable = relationKeysOf(key).every((owner) => to[owner] === undefined)
  if (kind !== 'column' || goesWithTable || !isLost(facts, after)) return null
  const values = `the values of ${name}`
  return {
    what: after === undefined ? values : `${values} that its former type does not hold`,
    table,
    column,
  }
}

function isLost(facts: Facts, after: Facts | undefined): boolean {
  return facts['generated'] === undefined && (after === undefined || after['type'] !== facts['type'])
}

/** What cannot be read may be there. */
async function holdsData(client: pg.ClientBase, { table, column }: Holder): Promise<boolean> {
  const where = column === null ? '' : ` where ${column} is not null`
  try {
    const [row] = await queryRows(client, `select exists (select from ${table}${where}) as found`)
    return row?.['found'] === true
  } catch {
    return true
  }
}
