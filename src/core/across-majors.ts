import type { Fact } from './catalog.js'

/** The major versions on which two facts were read. */
export interface Majors {
  readonly expected: number
  readonly actual: number
}

/** What PostgreSQL quotes in names of its own accord since 16 or 17, and did not before. */
const newlyQuoted =
  /'(?:[^']|'')*'|"(json(?:_(?:array|arrayagg|exists|object|objectagg|query|scalar|serialize|table|value))?|merge_action|system_user)"/g

/** A text without the quotes that only some major versions put around a name. */
export function evenlyQuoted(text: string): string {
  return text.replaceAll(newlyQuoted, (found: string, word: string | undefined) => word ?? found)
}

/**
 * Whether two lists of grants on the schema `public` come to the same. Each says what was granted beyond what its major
 * version grants from the start: until 14 that is everything, to everybody.
 */
export function samePublicGrants(expected: Fact = [], actual: Fact = [], majors: Majors): boolean {
  const [one, other] = [everyGrant(expected, majors.expected), everyGrant(actual, majors.actual)]
  return JSON.stringify(one) === JSON.stringify(other)
}

const everything = 'PUBLIC: ALL'

function everyGrant(fact: Fact, major: number): readonly string[] {
  const listed = Array.isArray(fact) ? fact.map(String) : []
  const initial = major < 15 ? everything : 'PUBLIC: USAGE'
  const grants = listed.some((grant) => grant.startsWith('PUBLIC: ')) ? listed : [...listed, initial]
  const telling = grants.includes(everything)
    ? grants.filter((grant) => grant === everything || grant.includes('*'))
    : grants
  return [...telling].sort()
}
