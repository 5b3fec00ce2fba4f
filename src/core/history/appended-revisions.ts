import { unitOf } from '../model/branch-changes.js'
import type { NumberAsReplayed } from './built-positions.js'
import { type Catalog, type Facts, sameFacts } from '../model/catalog.js'
import type { ReplayChanges } from '../model/replay-checkpoints.js'
import {
  type Changes,
  type MigrationChecksum,
  promisedCatalogAt,
  revisionsOf,
  type Snapshot,
  withBase,
} from '../model/snapshot.js'
import { findRowWriters } from './written-rows.js'

/** A revision that was run after those of a snapshot. */
export interface AppendedRevision {
  readonly revision: string
  readonly transactional: boolean
  /** The commands of its statements, as PostgreSQL names them. */
  readonly commands: readonly string[]
}

/** Revisions that were run in a database that was built from the snapshot of those before them. */
export interface AppendedReplay {
  readonly built: Catalog
  /** The numbers of its columns as after a replay of all revisions. */
  readonly renumber: NumberAsReplayed
  readonly changes: ReplayChanges
  readonly ran: readonly AppendedRevision[]
}

/** Whether migrations are those of a snapshot, unchanged, and more after them. */
export function isAppended(
  { revisions, format }: Snapshot,
  migrations: readonly MigrationChecksum[],
): boolean {
  return (
    format === undefined &&
    revisions.length > 0 &&
    revisions.length < migrations.length &&
    revisions.every(({ revision, file, checksum }, index) => {
      const migration = migrations[index]
      const isSame = migration?.revision === revision && migration.file === file
      return isSame && checksum !== null && migration.checksum === checksum
    })
  )
}

/** Commands that neither read nor write rows, whatever their tables hold. */
const rowlessCommand = /^(?:CREATE|DROP|COMMENT|GRANT|REVOKE|SET|ALTER (?!TABLE))/

/**
 * Why only a replay of all revisions can say what the last ones change; null where the same comes out of a database that was
 * built from the snapshot. A built database has the promised catalog, but no rows.
 */
export function whyNotAppended(snapshot: Snapshot, replay: AppendedReplay): string | null {
  const { changes, ran } = replay
  const outside = ran.find(({ transactional }) => !transactional)
  if (outside !== undefined) return `${outside.revision} runs without a transaction`
  const keys = [...new Set([...changes.values()].flatMap((changed) => Object.keys(changed)))]
  return whyRowsMatter(snapshot, keys, ran) ?? whyBuiltDiffers(snapshot, keys, replay)
}

function whyRowsMatter(
  snapshot: Snapshot,
  keys: readonly string[],
  ran: readonly AppendedRevision[],
): string | null {
  const writers = findRowWriters(snapshot, revisionsOf(snapshot))
  if (writers.length === 0) return null
  if (writers.some(({ tables }) => tables === null))
    return 'the snapshot does not say which revisions wrote rows'
  const filled = new Set(writers.flatMap(({ tables }) => tables ?? []))
  const changed = keys.find((key) => filled.has(unitOf(key)))
  if (changed !== undefined) return `they change ${unitOf(changed)}, which has rows`
  const reader = ran.find(({ commands }) => !commands.every((command) => rowlessCommand.test(command)))
  return reader === undefined ? null : `${reader.revision} may depend on rows`
}

/** What they changed has to be what it is after a replay, to the letter; of all else the meaning was verified. */
function whyBuiltDiffers(
  snapshot: Snapshot,
  keys: readonly string[],
  { built, renumber }: AppendedReplay,
): string | null {
  const folded = promisedCatalogAt(snapshot, revisionsOf(snapshot))
  const promised = withBase(folded, snapshot)
  const differing = keys.find((key) => {
    const [was, is] = [promised[key], built[key]]
    if (folded.undetermined[key] !== undefined) return true
    return was === undefined || is === undefined ? was !== is : !sameFacts(was, renumber(key, is))
  })
  return differing === undefined ? null : `${differing} is not the same to the letter where it was built`
}

/** What was appended, with the numbers that new columns have after a replay of all revisions. */
export function numberAppended(earlier: Snapshot, appended: Snapshot, renumber: NumberAsReplayed): Snapshot {
  const known = earlier.revisions.length
  const revisions = appended.revisions.map((entry, index) =>
    index < known ? entry : { ...entry, changes: mapFacts(entry.changes, renumber) },
  )
  return { ...appended, revisions }
}

function mapFacts(changes: Changes, map: (key: string, facts: Facts) => Facts): Changes {
  return Object.fromEntries(
    Object.entries(changes).map(([key, facts]) => [key, facts === null ? null : map(key, facts)]),
  )
}
