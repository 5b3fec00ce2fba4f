import type pg from 'pg'
import { disposableTargets, isDisposable } from '../../config/known-targets.js'
import { type ErrorChoice, SchemaError } from '../../errors/schema-error.js'
import { refuseWrongDatabase } from '../../gate/preconditions.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { queryRows } from '../../postgres/connection/query.js'
import type { Inspection } from '../../postgres/inspect/inspection.js'
import { readSubscriptions } from '../../postgres/scratch/given-database.js'
import type { Workspace } from '../../workspace.js'

/** Throws SCHEMA_RESET_REFUSED in an environment whose databases hold what has to be kept. Asks no database. */
export function refuseKeptEnvironment({ config, migrationConnection }: Workspace): void {
  if (isDisposable(config)) return
  const why = config.production ? 'NODE_ENV is production' : `the environment is "${config.target}"`
  throw resetError(`Only databases of ${disposableTargets.join(' and ')} are dropped, and ${why}.`, {
    facts: [['database', describeAddress(addressOf(migrationConnection))]],
    choices: [
      ['--env development', 'names the environment whose database is meant'],
      ['schemagate migrate', 'brings this one to head, and drops nothing that no migration drops'],
    ],
  })
}

/**
 * Throws SCHEMA_WRONG_DATABASE where the database is another's, and SCHEMA_RESET_REFUSED where nothing says whose it
 * is.
 */
export function refuseOtherDatabase(
  workspace: Workspace,
  { hasObjects }: { readonly hasObjects: boolean },
): (inspection: Inspection) => void {
  const requireOwn = refuseWrongDatabase(workspace)
  return (inspection) => {
    requireOwn(inspection)
    const { identity, recorded, database } = inspection
    if (!hasObjects || identity !== null || recorded.revisions.length > 0) return
    throw resetError('The database has objects, and nothing in it says whose it is.', {
      facts: [['database', describeAddress(database)]],
      choices: [
        ['schemagate config', 'shows where the database URL comes from, if this is the wrong one'],
        ['schemagate adopt', 'records that it belongs to this service and environment, if it does'],
      ],
    })
  }
}

/** Throws SCHEMA_RESET_REFUSED for what would not be dropped with the schemas. */
export async function refuseSubscriptions(client: pg.ClientBase): Promise<void> {
  const subscriptions = await readSubscriptions(client)
  if (subscriptions.length === 0) return
  throw resetError('The database has subscriptions, which cannot be dropped in a transaction.', {
    facts: [['subscriptions', subscriptions]],
    choices: [['DROP SUBSCRIPTION …', 'drops one; then run it again']],
  })
}

/** Throws SCHEMA_RESET_REFUSED while others are connected, or ends their sessions. */
export async function refuseOtherSessions(client: pg.ClientBase, ends: boolean): Promise<void> {
  const rows = await queryRows(client, ends ? endSessionsQuery : sessionsQuery)
  if (rows.length === 0 || ends) return
  throw resetError('Other sessions are connected to the database, and what they work with would be gone.', {
    facts: [['sessions', rows.map(({ session }) => String(session))]],
    choices: [
      ['stop them', 'a service, psql or an editor; then run it again'],
      ['--end-sessions', 'ends them first; what they have not committed is rolled back'],
    ],
  })
}

const others = `from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`
const sessionsQuery = `select format('%s of %s, pid %s, %s', coalesce(nullif(application_name, ''), 'a session'), usename, pid, state) as session ${others} order by pid`
const endSessionsQuery = `select pg_terminate_backend(pid) ${others}`

interface ResetErrorParts {
  readonly facts: readonly (readonly [name: string, value: string | readonly string[]])[]
  readonly choices: readonly ErrorChoice[]
  readonly cause?: unknown
}

/** The error of a reset that drops nothing. */
export function resetError(what: string, parts: ResetErrorParts): SchemaError {
  return new SchemaError('SCHEMA_RESET_REFUSED', { what: `${what} Nothing was dropped.`, ...parts })
}
