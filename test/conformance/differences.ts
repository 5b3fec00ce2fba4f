import type { Fact } from '../../src/core/model/catalog.js'
import type { Difference } from '../../src/core/model/diff.js'

/** A difference as lines of text, with both values of each fact. */
export function describeDifference(difference: Difference): readonly string[] {
  const { change, key } = difference
  if (difference.change !== 'changed') return [`${change} ${key}`]
  const { facts, expected, actual } = difference
  const values = facts.flatMap((name) => [
    `  ${name}`,
    `    expected  ${describeFact(expected[name])}`,
    `    actual    ${describeFact(actual[name])}`,
  ])
  return [`${change} ${key}`, ...values]
}

function describeFact(fact: Fact | undefined): string {
  return fact === undefined ? '(default)' : JSON.stringify(fact)
}
