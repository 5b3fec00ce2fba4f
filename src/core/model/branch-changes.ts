import { type Facts, parseKey, relationKeysOf, schemaKeyOf } from './catalog.js'
import type { Snapshot, SnapshotRevision } from './snapshot.js'

/** A change of one object that one of two branches has made. */
export interface BranchChange {
  readonly revision: string
  readonly key: string
  readonly before: Facts | null
  readonly after: Facts | null
}

/** The changes of these entries of a snapshot, each with the facts of its object before it. */
export function changesOfEntries(
  { base, revisions }: Snapshot,
  isMeant: (entry: SnapshotRevision) => boolean,
): readonly BranchChange[] {
  const current = new Map<string, Facts | null>(Object.entries(base))
  return revisions.flatMap((entry) => {
    const changes = Object.entries(entry.changes).map(([key, after]) => {
      const before = current.get(key) ?? null
      current.set(key, after)
      return { revision: entry.revision, key, before, after }
    })
    return isMeant(entry) ? changes : []
  })
}

/** Kinds of which a new one on a table is not told apart by what else is new on it. */
const partKinds: ReadonlySet<string> = new Set(['column', 'constraint', 'index', 'trigger', 'statistics'])

const relationKinds: ReadonlySet<string> = new Set(['table', 'foreign_table', 'view', 'materialized_view'])

/** Kinds that are made from what they need as it is then, and not from what is named: `select *`, a partition. */
const wholeKinds: ReadonlySet<string> = new Set([...relationKinds, 'function', 'procedure', 'policy', 'rule'])

/** Kinds that change what other statements do. */
const farReachingKinds: ReadonlySet<string> = new Set([
  'event_trigger',
  'default_privileges',
  'database_setting',
  'role_setting',
  'publication',
])

/** Kinds whose names are unique in a schema, whatever they belong to. */
const namedKinds: ReadonlySet<string> = new Set([
  ...relationKinds,
  'sequence',
  'index',
  'constraint',
  'composite',
  'enum',
  'domain',
  'range',
])

/**
 * Why the changes of two branches do not do the same in any order, one line each; empty where they are independent. It goes
 * by what the catalogs say of the objects, and errs on the side of refusing.
 */
export function findDependence(
  ours: readonly BranchChange[],
  theirs: readonly BranchChange[],
): readonly string[] {
  if (ours.length === 0 || theirs.length === 0) return []
  const found = [
    ...findSharedKeys(ours, theirs),
    ...findSharedRelations(ours, theirs),
    ...findNeeded(ours, theirs),
    ...findNeeded(theirs, ours),
    ...[...ours, ...theirs]
      .filter(({ key }) => farReachingKinds.has(kindOf(key)))
      .map(({ key }) => `${key} bears on what the other branch does`),
    ...findSharedNames(ours, theirs),
  ]
  return [...new Set(found)]
}

function findSharedKeys(ours: readonly BranchChange[], theirs: readonly BranchChange[]): readonly string[] {
  const keys = new Set(theirs.map(({ key }) => key))
  return ours.filter(({ key }) => keys.has(key)).map(({ key }) => `both change ${key}`)
}

/** On one table both may add something; more is not known to be independent. */
function findSharedRelations(
  ours: readonly BranchChange[],
  theirs: readonly BranchChange[],
): readonly string[] {
  const [own, others] = [ours, theirs].map((changes) => new Set(changes.map(({ key }) => unitOf(key))))
  return [ours, theirs].flatMap((changes) => {
    const isAdded = createAddedFinder(changes)
    return changes
      .filter(({ key }) => own?.has(unitOf(key)) === true && others?.has(unitOf(key)) === true)
      .filter(({ key }) => !isAdded(key) || !partKinds.has(kindOf(key)))
      .map(({ key }) => `both change what ${key} belongs to`)
  })
}

/** Whether an object was not there before the branch. */
function createAddedFinder(changes: readonly BranchChange[]): (key: string) => boolean {
  const first = new Map(changes.toReversed().map(({ key, before }) => [key, before]))
  return (key) => first.get(key) === null
}

/** What one branch has changed and the other needs. */
function findNeeded(changes: readonly BranchChange[], others: readonly BranchChange[]): readonly string[] {
  const keys = new Set(changes.map(({ key }) => key))
  const units = new Set(changes.map(({ key }) => unitOf(key)))
  return others.flatMap(({ key, after }) => {
    const needed = neededBy(key, after)
    const changed = needed.find((each) => keys.has(each))
    if (changed !== undefined) return [`${key} needs ${changed}, which the other branch changes`]
    const part = wholeKinds.has(kindOf(key)) ? needed.find((each) => units.has(unitOf(each))) : undefined
    return part === undefined
      ? []
      : [`${key} needs ${part}, and the other branch changes what that belongs to`]
  })
}

function neededBy(key: string, facts: Facts | null): readonly string[] {
  const listed = [facts?.['$needs'], facts?.['$defaultNeeds']].flatMap((list) =>
    Array.isArray(list) ? list.map(String) : [],
  )
  return [...listed, ...relationKeysOf(key), schemaKeyOf(key) ?? ''].filter(Boolean)
}

/** A name that both have given in one schema: PostgreSQL would have given one of them another name, or refused it. */
function findSharedNames(ours: readonly BranchChange[], theirs: readonly BranchChange[]): readonly string[] {
  const given = new Set(theirs.filter(givesName).map(({ key }) => nameInSchema(key)))
  return ours
    .filter((change) => givesName(change) && given.has(nameInSchema(change.key)))
    .map(({ key }) => `both give the name of ${key}`)
}

function givesName({ key, before, after }: BranchChange): boolean {
  return before === null && after !== null && namedKinds.has(kindOf(key))
}

function nameInSchema(key: string): string {
  const { names } = parseKey(key)
  return `${names[0]}.${names.at(-1)}`
}

/** The relation that an object is or belongs to, by its names; else the object's own key. */
export function unitOf(key: string): string {
  const { kind, names } = parseKey(key)
  const isOfRelation = names.length === 3 || relationKinds.has(kind)
  return isOfRelation ? names.slice(0, 2).join('.') : key
}

function kindOf(key: string): string {
  return parseKey(key).kind
}
