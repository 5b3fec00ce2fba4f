import { existsSync, readFileSync } from 'node:fs'
import type { MigrationChecksum, Snapshot } from '../core/model/snapshot.js'
import type { ProgressReporter } from '../core/progress/events.js'
import { formatCount, shortenList } from '../core/text/format.js'
import { SchemaError } from '../errors/schema-error.js'
import type { ProjectWorkspace } from '../workspace.js'
import { inspectConfiguredDatabase } from './configured-database.js'
import type { EmptyRevision } from './empty-changes.js'

export interface EmptyRevisionContext {
  readonly workspace: ProjectWorkspace
  /** Null for the first snapshot of a project. */
  readonly earlier: Snapshot | null
  readonly acceptEmpty: boolean
  readonly report: ProgressReporter
}

/**
 * Warns of revisions that promise nothing and were applied before there was a snapshot, or are accepted. Those that the
 * earlier snapshot has with no change were judged before. Throws SCHEMA_PROMISE_EMPTY for all others.
 */
export async function judgeEmptyRevisions(
  found: readonly EmptyRevision[],
  { workspace, earlier, acceptEmpty, report }: EmptyRevisionContext,
): Promise<void> {
  const isKnown = findKnown(earlier, workspace.migrations)
  const fresh = found.filter(({ revision }) => !isKnown(revision))
  if (fresh.length === 0) return
  const database = earlier === null && !acceptEmpty ? await inspectConfiguredDatabase(workspace) : null
  const applied = new Set(database?.recorded.revisions)
  const refused = acceptEmpty ? [] : fresh.filter(({ revision }) => !applied.has(revision))
  if (refused.length > 0) throw emptyPromiseError(refused, workspace)
  report({
    event: 'promises empty',
    revisions: fresh.map(({ revision, because }) => `${revision} ${because}`),
  })
}

/** Whether the earlier snapshot has a revision with no change, maybe under the name that its file had then. */
function findKnown(
  earlier: Snapshot | null,
  migrations: readonly MigrationChecksum[],
): (revision: string) => boolean {
  const empty = earlier?.revisions.filter(changesNothing) ?? []
  const present = new Map(migrations.map((each) => [each.revision, each.checksum]))
  const names = new Set(empty.map(({ revision }) => revision))
  const renamed = new Set(empty.filter(({ revision }) => !present.has(revision)).map((each) => each.checksum))
  return (revision) => {
    const checksum = present.get(revision) ?? null
    return names.has(revision) || (checksum !== null && renamed.has(checksum))
  }
}

function changesNothing({ changes }: Snapshot['revisions'][number]): boolean {
  return Object.keys(changes).length === 0
}

function emptyPromiseError(refused: readonly EmptyRevision[], { migrations }: ProjectWorkspace): SchemaError {
  const [first] = refused
  const names = refused.map(({ revision }) => revision)
  const files = migrations.flatMap(({ revision, path }) =>
    names.includes(revision) ? [path ?? revision] : [],
  )
  const config = files.every(isCommonJs) ? 'exports.config' : 'export const config'
  const what =
    refused.length === 1 && first !== undefined
      ? `${first.revision} ${first.because} and changed nothing in the catalog.`
      : `${formatCount(refused.length, 'revision')} changed nothing in the catalog.`
  return new SchemaError('SCHEMA_PROMISE_EMPTY', {
    what: `${what} A snapshot would promise nothing of ${refused.length === 1 ? 'it' : 'them'}, and every check would pass. None was written.`,
    facts: [
      ['files', files],
      ...refused.map(
        ({ revision, because, notices }) => [revision, shortenList([because, ...notices])] as const,
      ),
    ],
    choices: [
      ['correct the migration', 'a wrong name in an IF EXISTS, IF NOT EXISTS or hasTable is the usual cause'],
      [`${config} = { changes: 'rows' }`, 'in the migration says that it changes rows only'],
      [`${config} = { changes: 'none' }`, 'in the migration says that it changes nothing'],
      ['schemagate snapshot --accept-empty', 'takes them as they are, for revisions applied long ago'],
    ],
  })
}

/** Whether the code of a file exports as CommonJS does. */
function isCommonJs(path: string): boolean {
  return existsSync(path) && /^\s*(?:module\.)?exports\b/m.test(readFileSync(path, 'utf8'))
}
