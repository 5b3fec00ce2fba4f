import { type Fact, sameFact } from './catalog.js'

/** The major versions of PostgreSQL that two catalogs were read on. */
export interface MajorVersions {
  readonly expected: number
  readonly actual: number
}

/** Words that PostgreSQL quotes in names since 16 or 17, and did not before; bare, no expression has them as anything else. */
const newlyQuotedNames =
  /'(?:[^']|'')*'|"(json(?:_(?:array|arrayagg|exists|object|objectagg|query|scalar|serialize|table|value))?|merge_action)"/g

/** A text without the quotes that only some major versions put around a name. */
export function normalizeQuoting(text: string): string {
  return text.replaceAll(newlyQuotedNames, (found: string, word: string | undefined) => word ?? found)
}

const allToPublic = 'PUBLIC: ALL'

/**
 * Whether the grants on the schema `public` come to the same on a major version before 15 and a later one. The lists say
 * what was granted beyond what each grants from the start: until 14 that is everything, to everybody. The owner is another
 * role since.
 */
export function samePublicGrants(
  [expected, actual]: readonly [Fact | undefined, Fact | undefined],
  majors: MajorVersions,
): boolean {
  if (majors.expected < 15 === majors.actual < 15) return false
  return sameFact(effectiveGrants(expected, majors.expected), effectiveGrants(actual, majors.actual))
}

function effectiveGrants(listed: Fact | undefined, major: number): readonly string[] {
  const grants = (Array.isArray(listed) ? listed.map(String) : []).filter(
    (grant) => !grant.startsWith('OWNER: '),
  )
  const initial = major < 15 ? allToPublic : 'PUBLIC: USAGE'
  const all = grants.some((grant) => grant.startsWith('PUBLIC: ')) ? grants : [...grants, initial]
  return all
    .filter((grant) => grant === allToPublic || grant.includes('*') || !all.includes(allToPublic))
    .sort()
}
