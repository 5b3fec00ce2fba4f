import {
  type Catalog,
  type Facts,
  groupKeys,
  keysOf,
  oncePerCatalog,
  parseKey,
} from '../../core/model/catalog.js'
import { dependenciesOf, dependentsOf } from '../../ddl/dependencies.js'
import { findObject } from '../../ddl/object.js'
import type { CatalogPair } from '../../ddl/intents/intents.js'
import { childTables, parentTables } from '../../ddl/tree.js'
import { relationUnitOf } from './affected.js'
import { createNamesakeTest } from './colliding-names.js'

/*
 * What of a catalog has to be there for a plan to do what it does in the whole: of relations those that it touches, all that
 * depends on them, what these need, and what has a name that could collide with one of theirs; of all else everything.
 */

/** Of these kinds, what a plan has nothing to do with is left out. */
const leavableKinds = new Set([
  'table',
  'foreign_table',
  'view',
  'materialized_view',
  'sequence',
  'statistics',
])

/** What a plan may change while `pg_depend` tells all that notices it. */
const traceableKinds = new Set([
  ...leavableKinds,
  'column',
  'constraint',
  'index',
  'trigger',
  'policy',
  'rule',
  'enum',
])

/** These parts of a relation do nothing while it is not changed; nor do the foreign keys that come from it. */
const idleParts = new Set(['trigger', 'policy', 'rule'])

/** As few are built faster than they are told apart. */
const fewestLeftOut = 20

/**
 * The part of `from` in which statements for these objects do the same as in the whole; null where that is most of it, or cannot
 * be told: the body of a routine is not traced, and an event trigger sees everything.
 */
export function startCatalogFor(keys: Iterable<string>, pair: CatalogPair): Catalog | null {
  const { from } = pair
  const touched = new Set(keys)
  const units = unitsOf(from)
  const isTraced =
    [...touched].every((key) => isTraceable(key, from)) &&
    !keysOf(from).some((key) => key.startsWith('event_trigger:'))
  if (!isTraced || touched.size * 2 > keysOf(from).length) return null
  const affected = affectedUnits(touched, pair)
  const needed = neededUnits(affected, affected, pair)
  if ([...needed].some((key) => runsCode(key, pair))) return null
  const isNamesake = createNamesakeTest(touched)
  const others = [...units].filter(([unit, parts]) => !isLeavable(unit) || parts.some(isNamesake))
  const built = neededUnits([...needed, ...others.map(([unit]) => unit)], affected, pair)
  const leftOut = [...units.keys()].filter((unit) => !built.has(unit)).length
  return leftOut < fewestLeftOut || leftOut * 2 < units.size ? null : selectUnits(from, built, affected)
}

function selectUnits(from: Catalog, built: ReadonlySet<string>, affected: ReadonlySet<string>): Catalog {
  const selected: Record<string, Facts> = {}
  for (const [key, facts] of Object.entries(from)) {
    const unit = relationUnitOf(from, key)
    if (built.has(unit) && (affected.has(unit) || !isIdlePart(key, from))) selected[key] = facts
  }
  return selected
}

function isTraceable(key: string, from: Catalog): boolean {
  const { kind } = parseKey(key)
  return traceableKinds.has(kind) || (kind === 'schema' && from[key] === undefined)
}

function isLeavable(unit: string): boolean {
  return leavableKinds.has(parseKey(unit).kind)
}

function isIdlePart(key: string, catalog: Catalog): boolean {
  return idleParts.has(parseKey(key).kind) || catalog[key]?.['type'] === 'foreign key'
}

/** The keys of the objects of each unit. */
const unitsOf = oncePerCatalog((catalog) => groupKeys(catalog, (key) => relationUnitOf(catalog, key)))

/** A change of one of these changes nothing else of its relation. */
const separateParts = new Set([...idleParts, 'constraint', 'index', 'statistics'])

/**
 * What statements may change, or what may notice that: the relations that they are for, with whole trees of tables, and all
 * dependents. What depends on a part of a relation depends on the whole, unless the part is separate.
 */
function affectedUnits(touched: ReadonlySet<string>, { from, to }: CatalogPair): ReadonlySet<string> {
  const changed = new Set([...touched].flatMap((key) => [relationUnitOf(from, key), relationUnitOf(to, key)]))
  const noticing = new Set<string>()
  const follow = (key: string): void => {
    for (const dependent of dependentsOf(from).get(key) ?? [])
      if (!separateParts.has(parseKey(dependent).kind)) changed.add(relationUnitOf(from, dependent))
      else if (!noticing.has(dependent)) {
        noticing.add(dependent)
        follow(dependent)
      }
  }
  for (const unit of changed) {
    for (const key of unitsOf(from).get(unit) ?? []) follow(key)
    for (const relative of relativesOf(from, unit)) changed.add(relative)
  }
  return new Set([...changed, ...[...noticing].map((key) => relationUnitOf(from, key))])
}

/** Some units with all that they need, before and after, and the trees of the tables among that. */
function neededUnits(
  units: Iterable<string>,
  affected: ReadonlySet<string>,
  { from, to }: CatalogPair,
): ReadonlySet<string> {
  const needed = new Set(units)
  for (const unit of needed)
    for (const catalog of [from, to]) {
      for (const key of unitsOf(catalog).get(unit) ?? [])
        if (affected.has(unit) || !isIdlePart(key, catalog))
          for (const other of needsOf(key, catalog)) needed.add(relationUnitOf(from, other))
      for (const relative of relativesOf(catalog, unit)) needed.add(relative)
    }
  return needed
}

function needsOf(key: string, catalog: Catalog): readonly string[] {
  const object = findObject(catalog, key)
  return object === undefined ? [] : [...dependenciesOf(object)]
}

/** The parents and the children of a table. */
function relativesOf(catalog: Catalog, unit: string): readonly string[] {
  return [...parentTables(catalog, unit), ...(childTables(catalog).get(unit) ?? [])]
}

/** The function of a trigger runs for rows, and no statement of a plan changes any. */
function runsCode(key: string, { from, to }: CatalogPair): boolean {
  if (!/^(?:function|procedure|aggregate):/.test(key)) return false
  return [from, to].some((catalog) => catalog[key] !== undefined && catalog[key]['$returns'] !== 'trigger')
}
