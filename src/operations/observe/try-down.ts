import type { Knex } from 'knex'
import type pg from 'pg'
import { hasSqlState, sqlState } from '../../postgres/connection/sqlstate.js'
import { transactionStatusOf } from '../../postgres/connection/transaction-status.js'
import { observeStatements } from '../../postgres/session/observe-statements.js'
import type { LoadedMigration } from '../../project/load-migration.js'
import type { ObservedDown } from './observation.js'

/** Refused because `up` ran in the same transaction: nothing is known of `down` then. */
const refusedAfterUp = [sqlState.objectInUse, sqlState.unsafeNewEnumValue, sqlState.activeTransaction]

/**
 * Runs the `down` of a revision in the transaction in which its `up` has run, and takes back what it did.
 *
 * @param wrote whether `up` has sent a statement
 */
export async function tryDown(
  { down }: Pick<LoadedMigration, 'down'>,
  knex: Knex,
  { client, wrote }: { readonly client: pg.ClientBase; readonly wrote: boolean },
): Promise<ObservedDown> {
  if (down === null) return 'missing'
  if (transactionStatusOf(client) !== 'T') return 'unknown'
  await client.query('savepoint schemagate_down')
  try {
    // Constraints that `up` has deferred would otherwise keep it from changing their tables.
    await client.query('set constraints all immediate')
    const { commands } = await observeStatements(client, async () => void (await down(knex)))
    return commands.length === 0 && wrote ? 'empty' : 'works'
  } catch (error) {
    return hasSqlState(error, ...refusedAfterUp) ? 'unknown' : 'throws'
  } finally {
    await client.query('rollback to savepoint schemagate_down; release savepoint schemagate_down')
  }
}
