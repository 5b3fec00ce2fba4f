import { explainEmptyChange } from '../core/model/observed-statements.js'
import type { Changes } from '../core/model/snapshot.js'
import { describeChangedObjects } from '../core/model/describe.js'
import { SchemaError } from '../errors/schema-error.js'
import type { UncommittedRevision } from '../postgres/verify/check-revision.js'
import { hasWrittenRows } from '../postgres/verify/row-locks.js'
import type { KnexProject } from '../project/knex-project.js'

/** A revision that changed nothing in the catalog, although it ran what is to change it, or did nothing at all. */
export interface EmptyRevision {
  readonly revision: string
  /** `ran ALTER TABLE` */
  readonly because: string
  /** What PostgreSQL noticed. */
  readonly notices: readonly string[]
}

/** The revision as a list of one, where it changed nothing, does not say so, and did not work on rows. */
export async function findEmptyChange(
  { revision, observed, declared, transactional, client }: UncommittedRevision,
  changes: Changes,
  { tableName }: KnexProject,
): Promise<readonly EmptyRevision[]> {
  if (declared !== null || Object.keys(changes).length > 0) return []
  const wroteRows = transactional && (await hasWrittenRows(client, tableName))
  const because = explainEmptyChange(observed, wroteRows)
  return because === null
    ? []
    : [{ revision, because, notices: observed.notices.map(({ message }) => message) }]
}

/** Throws SCHEMA_PROMISE_BROKEN where a revision changes the catalog and says that it does not. */
export function refuseUndeclaredChanges({ revision, declared }: UncommittedRevision, changes: Changes): void {
  if (declared === null || Object.keys(changes).length === 0) return
  throw new SchemaError('SCHEMA_PROMISE_BROKEN', {
    what: `${revision} says changes: '${declared}', but it changes the catalog. The snapshot was not written.`,
    facts: [['changes', describeChangedObjects(changes, new Set())]],
    choices: [[`remove changes: '${declared}'`, 'from its config: what it changes is promised then']],
  })
}
