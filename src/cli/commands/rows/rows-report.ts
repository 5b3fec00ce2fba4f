import { describeDuration, formatCount } from '../../../core/text/format.js'
import { toPrintable } from '../../../core/text/printable.js'
import type { ExitCode } from '../../../errors/schema-error.js'
import type { RowAnswer } from '../../../postgres/rows/ask-rows.js'
import { openAnswers, saidBy } from '../../../postgres/rows/rows-error.js'

/** What the revisions said of their rows: for people, for `--json`, and as an exit code. */
export interface RowsReport {
  readonly text: string
  readonly document: readonly RowsOfRevision[]
  readonly exit: ExitCode
}

interface RowsOfRevision {
  readonly revision: string
  readonly status: RowAnswer['status']
  /** Why not `true`; null where it is. */
  readonly said: readonly string[] | null
  /** Milliseconds. */
  readonly duration: number
}

export function reportRows(answers: readonly RowAnswer[]): RowsReport {
  const open = openAnswers(answers)
  const head =
    answers.length === 0
      ? 'rows: no applied revision has a verify'
      : `rows: ${formatCount(answers.length, 'revision')} asked, ${open.length === 0 ? 'all are as promised' : `${open.length} not as promised`}`
  return {
    text: [head, ...answers.flatMap(linesOf)].join('\n'),
    document: answers.map((answer) => ({
      revision: answer.revision,
      status: answer.status,
      said: answer.status === 'true' ? null : [saidBy(answer)].flat(),
      duration: Math.round(answer.duration),
    })),
    exit: open.length === 0 ? 0 : 4,
  }
}

const words: Readonly<Record<RowAnswer['status'], string>> = {
  true: 'true',
  untrue: 'UNTRUE',
  unknown: 'NOT KNOWN',
}

function linesOf(answer: RowAnswer): readonly string[] {
  const said = answer.status === 'true' ? [] : [saidBy(answer)].flat()
  const first = `  ${words[answer.status].padEnd(11)}${answer.revision}  (${describeDuration(answer.duration)})`
  return [first, ...said.map((line) => `${' '.repeat(13)}${line}`)].map(toPrintable)
}
