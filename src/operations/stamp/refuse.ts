import type { History } from '../../core/history/history.js'
import { formatCount, shortenList } from '../../core/text/format.js'
import { nearestName } from '../../core/text/nearest.js'
import { isSetting } from '../../core/model/scope.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import { SchemaError } from '../../errors/schema-error.js'
import { describeAddress } from '../../postgres/connection/address.js'
import type { Inspection } from '../../postgres/inspect/inspection.js'
import type { Workspace } from '../../workspace.js'
import type { StampProposal } from './proposal.js'

/** Throws SCHEMA_USAGE for a revision that this build does not have. */
export function refuseUnknown(revision: string, { migrations }: Workspace): void {
  const known = migrations.map((migration) => migration.revision)
  if (known.includes(revision)) return
  const meant = nearestName(revision, known) ?? known.find((each) => each.includes(revision))
  throw new SchemaError('SCHEMA_USAGE', {
    what: `There is no revision "${revision}" in this build. Nothing was recorded.`,
    facts: [['newest', known.slice(-10)]],
    choices: [
      ...(meant === undefined ? [] : [[`schemagate stamp ${meant}`, 'may be what was meant'] as const]),
      ['schemagate stamp', 'says which revision fits the database best'],
    ],
  })
}

/** Whether a database has only what every new database has. */
export function isEmptyCatalog({ live }: Inspection, { base }: Snapshot): boolean {
  return Object.keys(live).every((key) => base[key] !== undefined || isSetting(key))
}

/** Throws SCHEMA_USAGE where a database from whose record everything is to be taken has objects. */
export function refuseForgettingObjects(inspection: Inspection, snapshot: Snapshot): void {
  if (isEmptyCatalog(inspection, snapshot)) return
  throw new SchemaError('SCHEMA_USAGE', {
    what: 'Without a REVISION, --forget takes every revision out of the record, and only where the database has nothing of them. This one has objects. Nothing was done.',
    facts: [
      ['database', describeAddress(inspection.database)],
      [
        'holds',
        shortenList(
          Object.keys(inspection.live).filter((key) => snapshot.base[key] === undefined && !isSetting(key)),
        ),
      ],
    ],
    choices: [['schemagate stamp', 'says which revision fits the database best, and how to record it']],
  })
}

/** Throws SCHEMA_USAGE for a revision older than the newest recorded one, whose record and objects would stay. */
export function refuseOlder({ revision, history, inspection }: StampProposal, workspace: Workspace): void {
  const newest = history.applied.at(-1)
  const build = workspace.migrations.map((migration) => migration.revision)
  if (newest === undefined || revision === null || build.indexOf(revision) >= build.indexOf(newest)) return
  throw new SchemaError('SCHEMA_USAGE', {
    what: `The database is already at ${newest}, which is newer than ${revision}. Nothing was recorded.`,
    facts: [['database', describeAddress(inspection.database)]],
    choices: [
      [`schemagate down --to ${revision}`, 'reverts what is newer, and the record with it'],
      [`schemagate stamp ${newest}`, 'records what is not recorded up to there, if it is true'],
    ],
  })
}

/**
 * Whether recording would start a second line of migrations beside one that this build does not have. Older revisions whose
 * files were deleted are no such line.
 */
export function isSeparateHistory({ position }: History): boolean {
  return position === 'diverged' || position === 'foreign'
}

/** Throws SCHEMA_DIVERGED where the database records revisions of another line of migrations. */
export function refuseSeparateHistory({ revision, history, inspection, unrecorded }: StampProposal): void {
  const { unknown } = history
  if (unrecorded.length === 0 || !isSeparateHistory(history)) return
  throw new SchemaError('SCHEMA_DIVERGED', {
    what: `The database records ${formatCount(unknown.length, 'revision')} that this build does not have. Nothing was recorded.`,
    facts: [
      ['database', describeAddress(inspection.database)],
      ['unknown', shortenList(unknown)],
    ],
    choices: [
      ['deploy the build that has them', 'or bring their files back'],
      [
        `schemagate stamp ${revision} --forget`,
        'takes them out of the record, if their files are lost for good',
      ],
    ],
  })
}
