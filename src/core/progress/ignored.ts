import type { IgnoredDifferences } from '../model/scope.js'
import { formatCount } from '../text/format.js'
import { toPrintable } from '../text/printable.js'

/** A line for each pattern that left differences out: `schema:audit  3 differences  (written by the audit service)`. */
export function describeIgnored(ignored: readonly IgnoredDifferences[]): readonly string[] {
  const shown = ignored.filter(({ objects }) => objects.length > 0)
  const width = Math.max(0, ...shown.map(({ pattern }) => pattern.length))
  return shown.map(({ pattern, reason, objects }) => {
    const why = reason === null ? '' : `  (${toPrintable(reason)})`
    return `${toPrintable(pattern).padEnd(width)}  ${formatCount(objects.length, 'difference')}${why}`
  })
}
