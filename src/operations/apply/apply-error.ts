import { runsOutsideTransaction } from '../../ddl/plan/transactions.js'
import type { Statement } from '../../ddl/statement.js'
import { type ErrorChoice, type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { redactDetailValues } from '../../postgres/connection/error-values.js'
import { driverErrorCode } from '../../postgres/connection/sqlstate.js'
import type { FailedStatement } from '../../postgres/proof/run-statements.js'
import type { MigrationTarget } from '../../postgres/session/migrate-options.js'
import { stepLabel, stepStatement } from './step.js'

type Steps = readonly (readonly Statement[])[]

/** A statement that failed, and the invalid indexes that it left; null where that could not be asked. */
export interface FailedStep extends FailedStatement {
  readonly left: readonly string[] | null
}

/** The error of a plan that was stopped on request before a step. */
export function stoppedError(steps: Steps, index: number, target: MigrationTarget): SchemaError {
  return new SchemaError('SCHEMA_INTERRUPTED', {
    what: 'Applying was stopped on request, between two steps. What was done before stays.',
    facts: progressFacts(steps, index, target),
    choices: [['run it again', 'makes, shows and applies what is left']],
  })
}

/** The error of a plan that failed at a step: what is done, what is not, and what the step has left. */
export function failedStepError(
  failed: FailedStep,
  steps: Steps,
  index: number,
  target: MigrationTarget,
): SchemaError {
  const { statement, error, left } = failed
  const step = steps[index] ?? []
  const code = driverErrorCode(error)
  const detail = 'detail' in error && typeof error.detail === 'string' ? error.detail : null
  return new SchemaError('SCHEMA_APPLY_FAILED', {
    what: `Step ${index + 1} of ${steps.length} failed. ${consequenceOf(step, left)} What was done before stays.`,
    facts: [
      ...progressFacts(steps, index, target),
      ...(step.length > 1 ? [['statement', stepStatement(statement)] as const] : []),
      ['sqlstate', code],
      ['message', error.message],
      ...(detail === null ? [] : [['detail', redactDetailValues(code, detail)] as const]),
    ],
    choices: choicesAfter(left ?? []),
    cause: error,
  })
}

function progressFacts(steps: Steps, index: number, { connection }: MigrationTarget): readonly ErrorFact[] {
  const labels = steps.map((_, place) => stepLabel(steps, place))
  return [
    ['database', describeAddress(addressOf(connection))],
    ['done', index === 0 ? 'nothing' : labels.slice(0, index)],
    ['not done', labels.slice(index)],
  ]
}

function consequenceOf(step: readonly Statement[], left: FailedStep['left']): string {
  if (!runsOutsideTransaction(step)) return 'Its transaction was rolled back, so nothing of it was done.'
  if (left === null) return 'It ran outside a transaction, and the server did not say what it has left.'
  if (left.length === 0) return 'It ran outside a transaction, and left no invalid index.'
  const what = left.length === 1 ? 'an index that is invalid' : 'indexes that are invalid'
  return `It ran outside a transaction, and left ${what}: ${left.join(', ')}.`
}

/** The next run knows the index by its name, whether it is that of the plan or one for the time of the build. */
function choicesAfter(left: readonly string[]): readonly ErrorChoice[] {
  return [
    [
      'remove the cause',
      'often rows that the new definition does not allow, or a lock that another session holds',
    ],
    ['run it again', 'makes, shows and applies what is left'],
    ...left.map((index) => [`DROP INDEX CONCURRENTLY ${index}`, 'only if this is not run again'] as const),
  ]
}
