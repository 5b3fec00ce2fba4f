import { type Catalog, keysOf, oncePerCatalog } from '../../core/model/catalog.js'
import { reaches } from '../dependencies.js'
import { type DdlObject, relationOrOwnKey } from '../object.js'
import { createsObject, type Intent } from './intents.js'

/** Kinds that share one namespace, so that a type of one can get the name of a type of another. */
export const typeKinds: ReadonlySet<string> = new Set(['enum', 'domain', 'composite', 'range'])

/** All kinds of which one can get the name of another. */
const namesakeKinds = [
  ...typeKinds,
  'table',
  'foreign_table',
  'view',
  'materialized_view',
  'sequence',
  'function',
  'procedure',
  'aggregate',
]

/**
 * Whether an object will need what gets the name of something dropped that it needs now. It cannot be altered from the one to
 * the other, because only one of them can be there. What holds data ends its links by statements of their own.
 */
export function needsNamesake(
  from: DdlObject,
  to: DdlObject,
  needed: string,
  intents: ReadonlyMap<string, Intent>,
): boolean {
  if (holdsData(from)) return false
  const dropped = relationOrOwnKey(from.catalog, needed)
  const name = dropped.slice(dropped.indexOf(':'))
  return namesakeKinds
    .map((kind) => `${kind}${name}`)
    .some((key) => createsObject(intents.get(key)) && reaches(to.catalog, to.key, key))
}

/** Whether the data of an object would be lost if it were dropped and created again. */
export function holdsData({ kind, facts }: DdlObject): boolean {
  if (kind === 'column') return facts['generated'] === undefined
  return ['table', 'sequence', 'schema', 'extension'].includes(kind)
}

const routineKey = /^(?:function|procedure|aggregate):([^(]*)/

/**
 * Whether a routine that goes has the name of another one that stays or comes. While both are there, PostgreSQL may take the
 * wrong one for a call, or neither, so that what calls it is dropped before and created after.
 */
export function hasOverload(key: string, to: Catalog): boolean {
  const [, name] = routineKey.exec(key) ?? []
  return name !== undefined && routineNames(to).has(name)
}

const routineNames = oncePerCatalog(
  (catalog) => new Set(keysOf(catalog).flatMap((key) => routineKey.exec(key)?.[1] ?? [])),
)
