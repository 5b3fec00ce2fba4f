import { dependentsOf } from '../dependencies.js'
import { type DdlObject, findObject, type ObjectChange, textFact } from '../object.js'
import type { Hazard } from '../statement.js'
import { generationOf } from './generation.js'
import { tablesStoringType } from './type-users.js'

/**
 * A hazard for each object that keeps what a routine gave before it is replaced in place: PostgreSQL computes an index or
 * checks a row when the row is written, and relies on it from then on.
 */
export function keptResultHazards({ from, to }: ObjectChange): readonly Hazard[] {
  return objectsUsing(from)
    .filter((object) => keepsResults(object) && isUnchanged(object, findObject(to.catalog, object.key)))
    .map((object) => ({
      hazard: 'kept results',
      what: describeObject(object),
      routine: `${to.name}${to.signature}`,
    }))
}

/** The kinds through which an object uses a routine as if it named the routine itself. */
const passingKinds = new Set(['function', 'operator', 'operator_class', 'domain'])

/** The objects that use a routine, directly or by the name of something that does. */
function objectsUsing({ catalog, key }: DdlObject): readonly DdlObject[] {
  const dependents = dependentsOf(catalog)
  const keys = new Set(dependents.get(key))
  const users: DdlObject[] = []
  for (const one of keys) {
    const user = findObject(catalog, one)
    if (user === undefined) continue
    users.push(user)
    if (passingKinds.has(user.kind)) for (const other of dependents.get(one) ?? []) keys.add(other)
  }
  return users
}

function keepsResults(object: DdlObject): boolean {
  switch (object.kind) {
    case 'index':
    case 'constraint':
    case 'materialized_view':
      return true
    case 'column':
      return generationOf(object)?.storage === 'stored'
    case 'domain':
      return tablesStoringType(object).length > 0
    default:
      return textFact(object, 'partitionedBy') !== ''
  }
}

/** What is changed as well is computed or checked again. */
function isUnchanged(before: DdlObject, after: DdlObject | undefined): boolean {
  return (
    after !== undefined &&
    ['definition', 'generated', 'type', 'constraints', 'partitionedBy'].every(
      (fact) => textFact(before, fact) === textFact(after, fact),
    )
  )
}

/** `index songs_lower on public.songs` */
function describeObject({ kind, name, relation, relationKey }: DdlObject): string {
  const words = kind.replaceAll('_', ' ')
  return relationKey === undefined ? `${words} ${name}` : `${words} ${name} on ${relation}`
}
