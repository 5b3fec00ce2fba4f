import pg from 'pg'
import { runsOutsideTransaction } from '../../ddl/plan/transactions.js'
import type { Statement } from '../../ddl/statement.js'
import { type ErrorChoice, SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { redactDetailValues } from '../../postgres/connection/error-values.js'
import type { MigrationTarget } from '../../postgres/session/migrate-options.js'
import { stepLabel } from './step.js'

/**
 * The error of a plan that stopped at a step: what is done, and what is not. `error` is what PostgreSQL answered; null where
 * the plan was stopped on request before the step. Another error is returned as it is.
 */
export function applyError(
  error: unknown,
  steps: readonly (readonly Statement[])[],
  index: number,
  { connection }: MigrationTarget,
): unknown {
  if (error !== null && !(error instanceof pg.DatabaseError)) return error
  const labels = steps.map((_, place) => stepLabel(steps, place))
  const facts = [
    ['database', describeAddress(addressOf(connection))],
    ['done', index === 0 ? 'nothing' : labels.slice(0, index)],
    ['not done', labels.slice(index)],
  ] as const
  if (error === null)
    return new SchemaError('SCHEMA_INTERRUPTED', {
      what: 'Applying was stopped on request, between two steps. What was done before stays.',
      facts,
      choices: [['run it again', 'makes, shows and applies what is left']],
    })
  const { code = '', message, detail } = error
  return new SchemaError('SCHEMA_APPLY_FAILED', {
    what: `Step ${index + 1} of ${steps.length} failed. ${consequenceOf(steps[index] ?? [])} What was done before stays.`,
    facts: [
      ...facts,
      ['sqlstate', code],
      ['message', message],
      ...(detail === undefined ? [] : [['detail', redactDetailValues(code, detail)] as const]),
    ],
    choices: choicesAfter(steps[index] ?? []),
    cause: error,
  })
}

function consequenceOf(step: readonly Statement[]): string {
  if (!runsOutsideTransaction(step)) return 'Its transaction was rolled back, so nothing of it was done.'
  const left = indexLeftBy(step)
  return left === null
    ? 'It ran outside a transaction: what it did before the error stays.'
    : `It ran outside a transaction: if it had begun, the index ${left} is left, and is invalid.`
}

function indexLeftBy(step: readonly Statement[]): string | null {
  return step.find(({ leaves }) => leaves !== undefined)?.leaves ?? null
}

/** The next run knows the index by its name, whether it is that of the plan or one for the time of the build. */
function choicesAfter(step: readonly Statement[]): readonly ErrorChoice[] {
  const left = indexLeftBy(step)
  return [
    [
      'remove the cause',
      'often rows that the new definition does not allow, or a lock that another session holds',
    ],
    ['run it again', 'makes, shows and applies what is left'],
    ...(left === null
      ? []
      : [
          [
            `DROP INDEX CONCURRENTLY IF EXISTS ${left}`,
            'only if it is invalid, and this is not run again',
          ] as const,
        ]),
  ]
}
