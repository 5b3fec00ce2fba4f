import type { Statement } from '../../ddl/statement.js'
import type { ErrorChoice, ErrorFact } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import type { MigrationTarget } from '../../postgres/session/migrate-options.js'
import { stepLabel } from './step.js'

export const againChoice: ErrorChoice = ['run it again', 'makes, shows and applies what is left']

/** Which steps are done, and which are not; one that is in doubt is neither. */
export function doneFacts(
  steps: readonly (readonly Statement[])[],
  done: number,
  { connection }: MigrationTarget,
  doubt: string | null = null,
): readonly ErrorFact[] {
  const labels = steps.map((_, place) => stepLabel(steps, place))
  const doubted = doubt === null ? [] : labels.slice(done, done + 1)
  const notDone = labels.slice(done + doubted.length)
  return [
    ['database', describeAddress(addressOf(connection))],
    ['done', done === 0 ? 'nothing' : labels.slice(0, done)],
    ...(doubt === null ? [] : [['in doubt', [...doubted, `  ${doubt}`]] as const]),
    ...(notDone.length === 0 ? [] : [['not done', notDone] as const]),
  ]
}
