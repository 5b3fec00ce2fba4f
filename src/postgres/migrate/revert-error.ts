import { type ErrorChoice, type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import type { Migration } from '../../project/migration-files.js'
import { addressOf, describeAddress } from '../connection/address.js'
import { isSessionLost } from '../connection/lifecycle.js'
import { addLocationFacts } from '../verify/verification-error.js'
import { lockConflictError } from './lock-conflict-error.js'
import { serverMessageOf, type ActiveRun } from './run-context.js'

interface FailedRevert {
  readonly migration: Migration
  readonly run: ActiveRun
  readonly transactional: boolean
  /** The revisions reverted before it. */
  readonly reverted: readonly string[]
}

/** The error to throw for what went wrong while a revision was reverted: which one, the server's words, what stayed. */
export function revertError(error: unknown, failed: FailedRevert): unknown {
  const { migration, run } = failed
  const { context, state } = run
  const { revision, path } = migration
  const [said, consequence] = [
    ['error', serverMessageOf(error, state)] as const,
    describeRevertRollback(failed),
  ]
  const where: readonly ErrorFact[] = [
    ['database', describeAddress(addressOf(context.connection))],
    ['file', path ?? revision],
  ]
  if (context.signal?.aborted === true)
    return new SchemaError('SCHEMA_INTERRUPTED', {
      what: `Reverting ${revision} was stopped on request. ${consequence}`,
      facts: [...where, revertedFact(failed)],
      choices: [['run it again', 'goes on where this one stopped']],
      cause: error,
    })
  if (error instanceof SchemaError) return addLocationFacts(where, error)
  if (isSessionLost(error, [context.session.client, context.auditClient]))
    return new SchemaError('SCHEMA_DATABASE_UNREACHABLE', {
      what: `The connection to PostgreSQL was lost while ${revision} was reverted.`,
      facts: [...where, said, revertedFact(failed)],
      choices: [['schemagate status', 'says where the database stands, once it is back']],
      cause: error,
    })
  if (state.givenUp !== null)
    return lockConflictError({
      error,
      givenUp: state.givenUp,
      context,
      consequence,
      before: [...where, said],
      after: [],
    })
  return new SchemaError('SCHEMA_MIGRATION_FAILED', {
    what: `Reverting ${revision} failed. ${consequence}`,
    facts: [...where, said],
    choices: [
      ...restoreChoices(failed),
      ['correct the down function', 'or write a new migration that undoes it'],
    ],
    cause: error,
  })
}

/** It may have been begun before: by a process that was killed, which nothing took back. */
function restoreChoices({
  migration: { revision },
  run: { context },
  transactional,
}: FailedRevert): readonly ErrorChoice[] {
  if (transactional || context.snapshot === null) return []
  const whole = `schemagate diff database snapshot@${revision} --sql`
  return [[whole, 'writes what makes its objects whole again, not its rows; then it can be reverted again']]
}

function describeRevertRollback({ run, transactional }: FailedRevert): string {
  if (run.state.running === null) return 'It is still recorded.'
  return transactional
    ? 'Its transaction was rolled back; it is still recorded.'
    : 'It runs outside a transaction: what it did before stays; it is still recorded.'
}

function revertedFact({ reverted }: FailedRevert): ErrorFact {
  return ['reverted', reverted.length === 0 ? 'nothing' : reverted]
}
