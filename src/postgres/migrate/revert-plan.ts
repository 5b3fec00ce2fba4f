import { compareHistory } from '../../core/history/history.js'
import { shortenList } from '../../core/text/format.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { Migration } from '../../project/migration-files.js'
import { describeAddress } from '../connection/address.js'
import type { Inspection } from '../inspect/inspection.js'

/** What is to be reverted, as it was found and confirmed. */
export interface RevertPlan {
  /** The revision to go back to, null for the one before the newest. */
  readonly to: string | null
  /** The newest first. */
  readonly revisions: readonly string[]
}

/** What reverting the newest applied revision, or all newer than `to`, would revert. Throws SCHEMA_USAGE, SCHEMA_AHEAD. */
export function planRevert(
  migrations: readonly Migration[],
  inspection: Inspection,
  to: string | null,
): RevertPlan {
  return { to, revisions: selectReverts(migrations, inspection, to).map(({ revision }) => revision) }
}

/**
 * The migrations that a plan reverts, newest first. Throws SCHEMA_NOT_CONFIRMED where the database was migrated or reverted
 * since the plan was confirmed.
 */
export function requirePlannedReverts(
  migrations: readonly Migration[],
  inspection: Inspection,
  { to, revisions }: RevertPlan,
): readonly Migration[] {
  const selected = selectReverts(migrations, inspection, to)
  const now = selected.map(({ revision }) => revision)
  if (now.join() === revisions.join()) return selected
  throw new SchemaError('SCHEMA_NOT_CONFIRMED', {
    what: 'The database was migrated or reverted in the meantime: different revisions would be reverted. Nothing was done.',
    facts: [
      ['confirmed', revisions.length === 0 ? 'none' : revisions],
      ['now', now.length === 0 ? 'none' : now],
    ],
    choices: [['run it again', 'shows what would be reverted now']],
  })
}

function selectReverts(
  migrations: readonly Migration[],
  inspection: Inspection,
  to: string | null,
): readonly Migration[] {
  refuseNewerRevisions(migrations, inspection)
  const recorded = new Set(inspection.recorded.revisions)
  const applied = migrations.filter(({ revision }) => recorded.has(revision)).toReversed()
  if (to === null) return applied.slice(0, 1)
  const index = applied.findIndex(({ revision }) => revision === to)
  if (index >= 0) return applied.slice(0, index)
  throw new SchemaError('SCHEMA_USAGE', {
    what: `Revision "${to}" is not applied. Nothing was reverted.`,
    facts: [
      ['applied', applied.length === 0 ? 'none' : applied.slice(0, 10).map(({ revision }) => revision)],
    ],
    choices: [['schemagate status', 'says where the database stands']],
  })
}

/** Newer revisions may depend on what would be reverted. */
function refuseNewerRevisions(migrations: readonly Migration[], { recorded, database }: Inspection): void {
  const build = migrations.map(({ revision }) => revision)
  const { position, unknown } = compareHistory(build, recorded)
  if (position !== 'ahead' && position !== 'diverged') return
  throw new SchemaError('SCHEMA_AHEAD', {
    what: 'The database has newer revisions, which this build lacks. Nothing was reverted.',
    facts: [
      ['database', describeAddress(database)],
      ['unknown', shortenList(unknown)],
    ],
    choices: [['schemagate down', 'by the build that has them reverts them first']],
  })
}
