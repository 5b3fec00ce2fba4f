import { createHash } from 'node:crypto'
import type { Config } from '../config/config.js'
import { ownVersion } from '../config/files.js'
import type { Snapshot } from '../core/model/snapshot.js'
import type { Migration } from '../project/migration-files.js'
import type { FoundSnapshot } from './find.js'

/** What the files of a build promise. */
export interface BuildPromise {
  /** A hash that is equal only where the same is promised and compared in the same way; null where that cannot be told. */
  readonly digest: string | null
  /** The snapshot, loaded once; null where nothing is promised. */
  readonly load: () => Promise<Snapshot | null>
}

interface Build {
  readonly migrations: readonly Migration[]
  readonly config: Pick<Config, 'verify'>
}

/**
 * Covers all that a verification goes by: the text of the snapshot, names and texts of the migrations, what is compared, and
 * the release of schemagate, because another one may compare more. Null where a release cannot tell its own version.
 */
export function digestOf(found: FoundSnapshot | null, { migrations, config }: Build): string | null {
  const version = ownVersion()
  if (found === null || version === null) return null
  const names = migrations.map(({ revision, knexName }) => [revision, knexName])
  const texts = [migrations, found.sources].map((list) =>
    list.map(({ revision, file, checksum }) => [revision, file, checksum]),
  )
  return createHash('sha256')
    .update(JSON.stringify([version, config.verify.scope, names, texts]))
    .update(found.text)
    .digest('hex')
}
