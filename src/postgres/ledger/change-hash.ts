import { createHash } from 'node:crypto'
import { canonicalChange } from '../../core/model/change-digest.js'
import { type Snapshot, snapshotFormat } from '../../core/model/snapshot.js'
import type { Migration } from '../../project/migration-files.js'
import type { LedgerDetail } from './ledger.js'

/** The part of a row's detail by which a later build can tell whether an edited migration still means the same. */
export type ChangeHash = Required<Pick<LedgerDetail, 'changes' | 'postgres'>>

/** What the ledger keeps with a row that records a revision, be it run, stamped or repaired. */
export function ledgerDetailOf(
  { revision, file }: Pick<Migration, 'revision' | 'file'>,
  snapshot: Snapshot | null,
): LedgerDetail {
  return { file, ...changeHashOf(snapshot, revision) }
}

/** A hash of the catalog change of a revision, and the major version whose words it is in; null where none is promised. */
export function changeHashOf(snapshot: Snapshot | null, revision: string): ChangeHash | null {
  const text = snapshot === null ? null : canonicalChange(snapshot, revision)
  if (snapshot === null || text === null) return null
  const changes = `${snapshotFormat}:sha256:${createHash('sha256').update(text).digest('hex')}`
  return { changes, postgres: snapshot.postgres }
}
