import { createHash } from 'node:crypto'
import { ownVersion } from '../config/files.js'
import type { Scope } from '../core/model/scope.js'
import { fullCatalogAt, type Snapshot } from '../core/model/snapshot.js'
import type { KnownPromise } from '../postgres/inspect/verified-state.js'

/**
 * What a snapshot promises, as an inspection can recognise it. Null where this release of schemagate cannot tell its own
 * version: another one may compare more.
 */
export function knownPromiseOf(snapshot: Snapshot | null, scope: Scope): KnownPromise | null {
  const version = ownVersion()
  if (snapshot === null || version === null) return null
  const original = snapshot.original ?? snapshot
  return {
    digest: createHash('sha256')
      .update(JSON.stringify([version, scope, original]))
      .digest('hex'),
    catalogAt: (revisions) => fullCatalogAt(original, revisions),
  }
}
