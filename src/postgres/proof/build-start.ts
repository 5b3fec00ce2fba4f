import type pg from 'pg'
import type { Catalog } from '../../core/model/catalog.js'
import type { Plan, PlanRefusal, Statement } from '../../ddl/statement.js'
import { errorMessage } from '../../core/text/redact.js'
import { type RefusedStatement, runInMessages } from '../connection/statement-messages.js'
import { missingRoleOf } from '../scratch/server-roles.js'
import { unprovableExtent } from './unprovable.js'

/** Writes what makes an empty database have a catalog, from the catalog that it has and without some objects. */
export type StartWriter = (live: Catalog, refusals: readonly PlanRefusal[]) => Plan

/** Makes a role that a statement names; false where it must not, or did so already. */
export type ProvideRole = (role: string) => Promise<boolean>

/** What of a catalog could not be made in a scratch database. */
export interface Unbuilt {
  readonly key: string
  readonly reason: string
  /** Whether it is there, without what names a role that the server does not have. */
  readonly isThere?: boolean
}

/** What is kept between the attempts to build a catalog. */
interface BuildState {
  readonly refusals: PlanRefusal[]
  readonly unbuilt: Unbuilt[]
  /** The statements that ran, and those that are left out. */
  readonly done: Set<string>
  /** The keys of what statements ran for. */
  readonly made: Set<string>
  /** The statements that failed, which may run after all others. */
  readonly postponed: FailedBuild[]
}

interface FailedBuild {
  readonly statement: Statement
  readonly error: unknown
}

/** How many statements share a transaction: each object in it needs a lock, and a server has room for some thousands. */
const statementsPerTransaction = 1000

/** More say that the server has nothing of what is needed. */
const maxUnbuilt = 100

/**
 * Makes an empty database have a catalog, without rows. Returns what could not be made there, without what needs it.
 *
 * @param live the catalog of the empty database
 */
export async function buildStart(
  client: pg.ClientBase,
  live: Catalog,
  write: StartWriter,
  provideRole: ProvideRole,
): Promise<readonly Unbuilt[]> {
  const state: BuildState = { refusals: [], unbuilt: [], done: new Set(), made: new Set(), postponed: [] }
  while (state.unbuilt.length + state.postponed.length < maxUnbuilt) {
    const plan = write(live, state.refusals)
    if (state.unbuilt.length === 0)
      state.unbuilt.push(...plan.refused.map(({ key, reason }) => ({ key, reason })))
    const left = plan.statements.filter(({ sql }) => !state.done.has(sql))
    const failed = await runLeft(client, left, state)
    if (failed === null) break
    await leaveOut(failed, state, provideRole)
  }
  const failed = await runPostponed(client, state.postponed)
  await client.query('reset all')
  return [
    ...state.unbuilt,
    ...failed.map(({ statement: { key }, error }) => ({
      key,
      reason: errorMessage(error),
      isThere: missingRoleOf(error) !== null && state.made.has(key),
    })),
  ]
}

/** Runs what failed before as long as something of it does not fail any more. Returns the rest. */
async function runPostponed(
  client: pg.ClientBase,
  postponed: readonly FailedBuild[],
): Promise<readonly FailedBuild[]> {
  const left: FailedBuild[] = []
  for (const { statement } of postponed) {
    const refused = await runCommitted(client, [statement.sql])
    if (refused !== null) left.push({ statement, error: refused.error })
  }
  return left.length === 0 || left.length === postponed.length ? left : runPostponed(client, left)
}

async function runLeft(
  client: pg.ClientBase,
  statements: readonly Statement[],
  { done, made }: BuildState,
): Promise<FailedBuild | null> {
  for (let start = 0; start < statements.length; start += statementsPerTransaction) {
    const together = statements.slice(start, start + statementsPerTransaction)
    const refused = await runCommitted(
      client,
      together.map(({ sql }) => sql),
    )
    const statement = refused === null ? undefined : together[refused.index]
    if (refused !== null && statement !== undefined) return { statement, error: refused.error }
    // A setting of the session is needed by what is left, too.
    for (const { key, sql } of together) {
      if (!sql.startsWith('SET ')) done.add(sql)
      made.add(key)
    }
  }
  return null
}

async function runCommitted(
  client: pg.ClientBase,
  statements: readonly string[],
): Promise<RefusedStatement | null> {
  await client.query('begin')
  const refused = await runInMessages(client, statements)
  await client.query(refused === null ? 'commit' : 'rollback')
  return refused
}

async function leaveOut(
  { statement, error }: FailedBuild,
  { refusals, unbuilt, done, postponed }: BuildState,
  provideRole: ProvideRole,
): Promise<void> {
  const role = missingRoleOf(error)
  if (role !== null && (await provideRole(role))) return
  if (unprovableExtent(error) !== 'object') {
    postponed.push({ statement, error })
    done.add(statement.sql)
    return
  }
  const { key } = statement
  const reason = errorMessage(error)
  unbuilt.push({ key, reason })
  refusals.push({ key, reason, decide: '' })
}
