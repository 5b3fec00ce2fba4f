import { createHash } from 'node:crypto'
import { canonicalChange } from '../../core/model/change-digest.js'
import { type Snapshot, snapshotFormat } from '../../core/model/snapshot.js'
import type { Migration } from '../../project/migration-files.js'
import type { LedgerDetail } from './ledger.js'

/** The detail of a row that records a revision, whether it was run, stamped or repaired. */
export function ledgerDetailOf({ revision, file }: Migration, snapshot: Snapshot | null): LedgerDetail {
  return { file, ...changeHashOf(snapshot, revision) }
}

/**
 * A hash of the catalog change of a revision, and the major version of the PostgreSQL that printed it; null where none is
 * promised. It tells a later build whether an edited migration still makes the same change.
 */
export function changeHashOf(
  snapshot: Snapshot | null,
  revision: string,
): { readonly changes: string; readonly postgres: number } | null {
  const text = snapshot === null ? null : canonicalChange(snapshot.original ?? snapshot, revision)
  if (snapshot === null || text === null) return null
  const changes = `${snapshot.format ?? snapshotFormat}:sha256:${createHash('sha256').update(text).digest('hex')}`
  return { changes, postgres: snapshot.postgres }
}
