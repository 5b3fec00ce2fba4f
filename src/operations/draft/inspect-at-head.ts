import { compareHistory, type History, type Position } from '../../core/history/history.js'
import { type ErrorChoice, type ErrorCode, SchemaError } from '../../errors/schema-error.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { withClient } from '../../postgres/connection/connect.js'
import { inspect } from '../../postgres/inspect/inspect.js'
import { type Inspection } from '../../postgres/inspect/inspection.js'
import type { Workspace } from '../../workspace.js'

/**
 * Inspects the configured database. Throws the error of its position unless it is at head, because a draft would also
 * contain what the migrations in between make.
 */
export async function inspectAtHead(workspace: Workspace): Promise<Inspection> {
  return withClient(workspace.connection, async (client) => {
    const inspection = await inspect(client, workspace)
    requireAtHead(inspection, workspace)
    return inspection
  })
}

interface PositionError {
  readonly code: ErrorCode
  readonly what: string
  readonly choice: ErrorChoice
}

const checkUrlChoice: ErrorChoice = ['schemagate config', 'shows where the database URL comes from']
const behindError: PositionError = {
  code: 'SCHEMA_BEHIND',
  what: 'The database is behind this build',
  choice: ['schemagate migrate', 'applies the pending revisions; then draft again'],
}
const aheadError: PositionError = {
  code: 'SCHEMA_AHEAD',
  what: 'The database has revisions that this build does not have',
  choice: ['get the newer migrations', 'and draft again with them'],
}

const errorByPosition: Readonly<Record<Exclude<Position, 'current'>, PositionError>> = {
  empty: behindError,
  behind: behindError,
  ahead: aheadError,
  diverged: { ...aheadError, code: 'SCHEMA_DIVERGED' },
  foreign: {
    code: 'SCHEMA_WRONG_DATABASE',
    what: 'The database records revisions, and this build has none of them',
    choice: checkUrlChoice,
  },
  unmanaged: {
    code: 'SCHEMA_UNMANAGED',
    what: 'The database has tables, but no record of any migration',
    choice: checkUrlChoice,
  },
}

function requireAtHead({ recorded, database }: Inspection, { migrations, config }: Workspace): void {
  const history = compareHistory(
    migrations.map(({ revision }) => revision),
    recorded,
  )
  if (isAtHead(history)) return
  const { position, current, head } = history
  const { code, what, choice } = errorByPosition[position === 'current' ? 'ahead' : position]
  throw new SchemaError(code, {
    what: `${what}. A draft would also contain what the migrations in between make. Nothing was written.`,
    facts: [
      ['database', `${describeAddress(database)}  (environment ${config.target})`],
      ['current', current ?? 'none'],
      ['head', head ?? 'none'],
    ],
    choices: [choice],
  })
}

/** Before the first migration, a database without recorded revisions is at head. */
function isAtHead({ position, head, unknown }: History): boolean {
  const isCurrent = position === 'current' && unknown.length === 0
  return isCurrent || (head === null && ['empty', 'unmanaged'].includes(position))
}
