import type { Fact } from './catalog.js'

/** The major versions of PostgreSQL that two catalogs were read on. */
export interface Majors {
  readonly expected: number
  readonly actual: number
}

/** What PostgreSQL quotes in names since 16 or 17, and did not before. */
const newlyQuoted =
  /'(?:[^']|'')*'|"(json(?:_(?:array|arrayagg|exists|object|objectagg|query|scalar|serialize|table|value))?|merge_action|system_user)"/g

/** A text without the quotes that only some major versions put around a name. */
export function evenlyQuoted(text: string): string {
  return text.replaceAll(newlyQuoted, (found: string, word: string | undefined) => word ?? found)
}

const everything = 'PUBLIC: ALL'

/**
 * All that a list of grants on the schema `public` comes to. The list says what was granted beyond what its major version
 * grants from the start: until 14 everything to everybody, which leaves nothing to grant to others.
 */
export function publicGrants(listed: Fact | undefined, major: number): readonly string[] {
  const grants = Array.isArray(listed) ? listed.map(String) : []
  const initial = major < 15 ? everything : 'PUBLIC: USAGE'
  const all = grants.some((grant) => grant.startsWith('PUBLIC: ')) ? grants : [...grants, initial]
  return all
    .filter((grant) => grant === everything || grant.includes('*') || !all.includes(everything))
    .sort()
}
