import { parseKey, relationKeysOf } from './catalog.js'
import type { UndeterminedFacts } from './diff.js'
import type { Changes, Snapshot, SnapshotRevision } from './snapshot.js'

/** The facts that format 3 has and format 2 has not, by kind. */
const factsSinceFormat3: Readonly<Record<string, readonly string[]>> = {
  column: ['identitySequence', 'identityUnlogged', 'notNullName'],
  constraint: ['actionTriggers', 'checkTriggers'],
  trigger: ['onPartitions'],
}

/** Whether an earlier format does not have a fact: every database has the usual value of it then. */
export function isUnreadFact(key: string, fact: string): boolean {
  return factsSinceFormat3[parseKey(key).kind]?.includes(fact) === true
}

/**
 * A snapshot of format 2 as one of today: it says nothing about the facts that were not read then, so they are not compared,
 * nor what it has of the tables and views of extensions, which are not read any more.
 */
export function upgradeSnapshot(snapshot: Snapshot): Snapshot {
  const relations = new Set(
    [snapshot.base, ...snapshot.revisions.map(({ changes }) => changes)].flatMap(Object.keys),
  )
  return {
    ...snapshot,
    format: 2,
    revisions: snapshot.revisions.map((revision) => upgradeRevision(revision, relations)),
  }
}

function upgradeRevision(
  { undetermined = {}, ...revision }: SnapshotRevision,
  relations: ReadonlySet<string>,
): SnapshotRevision {
  const changes = Object.fromEntries(
    Object.entries(revision.changes).filter(([key]) => !belongsToExtension(key, relations)),
  )
  return { ...revision, changes, undetermined: withUnreadFacts(changes, undetermined) }
}

function belongsToExtension(key: string, relations: ReadonlySet<string>): boolean {
  return (
    ['rule', 'trigger'].includes(parseKey(key).kind) &&
    !relationKeysOf(key).some((relation) => relations.has(relation))
  )
}

function withUnreadFacts(changes: Changes, undetermined: UndeterminedFacts): UndeterminedFacts {
  const unread = Object.entries(changes).flatMap(([key, facts]) => {
    const names = facts === null ? undefined : factsSinceFormat3[parseKey(key).kind]
    return names === undefined ? [] : [[key, [...(undetermined[key] ?? []), ...names]] as const]
  })
  return { ...undetermined, ...Object.fromEntries(unread) }
}
