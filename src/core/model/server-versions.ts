import { type Fact, type Facts, sameFact } from './catalog.js'

/** The major versions of PostgreSQL on which two catalogs were read. */
export interface MajorVersions {
  readonly expected: number
  readonly actual: number
}

/** Whether only one of two major versions shows that a partition has the identity of its parent: 17 and later do. */
export function differInInheritedIdentity({ expected, actual }: MajorVersions): boolean {
  return expected < 17 !== actual < 17
}

/** Whether a column of a partition has the identity of its parent, and the earlier of two such versions says nothing of it. */
export function isHiddenIdentity(
  fact: string,
  facts: { readonly expected: Facts; readonly actual: Facts },
  majors: MajorVersions,
): boolean {
  const earlier = majors.expected < majors.actual ? facts.expected : facts.actual
  return fact.startsWith('identity') && differInInheritedIdentity(majors) && earlier['identity'] === undefined
}

/** Names that PostgreSQL prints in quotes since 16 or 17, and without before. Without quotes they mean nothing else. */
const newlyQuotedNames =
  /'(?:[^']|'')*'|"(json(?:_(?:array|arrayagg|exists|object|objectagg|query|scalar|serialize|table|value))?|merge_action)"/g

/** A text without the quotes that only some major versions print around a name. */
export function normalizeQuoting(text: string): string {
  return text.replaceAll(newlyQuotedNames, (found: string, name: string | undefined) => name ?? found)
}

const allToPublic = 'PUBLIC: ALL'

/**
 * Whether the grants on the schema `public` are equivalent on a major version before 15 and a later one. The lists contain
 * what was granted in addition to the initial grants: until 14 these are all privileges for PUBLIC, since 15 only USAGE.
 * The schema also has a different owner since 15.
 */
export function samePublicGrants(
  expected: Fact | undefined,
  actual: Fact | undefined,
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
