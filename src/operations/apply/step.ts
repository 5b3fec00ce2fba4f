import { formatCount } from '../../core/text/format.js'
import { excerptStatement } from '../../core/progress/statement-excerpt.js'
import type { Statement } from '../../ddl/statement.js'

/** `step 2 of 3: 4 statements in one transaction`, or the statement itself where it is alone. */
export function stepLabel(steps: readonly (readonly Statement[])[], index: number): string {
  const step = steps[index] ?? []
  const [first] = step
  const what =
    step.length === 1 && first !== undefined
      ? stepStatement(first)
      : `${formatCount(step.length, 'statement')} in one transaction`
  return `step ${index + 1} of ${steps.length}: ${what}`
}

/** A statement of a step in one line. */
export function stepStatement({ sql }: Statement): string {
  return excerptStatement(sql, null).join(' ')
}
