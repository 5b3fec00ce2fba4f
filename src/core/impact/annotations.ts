import type { Fact } from '../model/catalog.js'
import { type FactChange, type ImpactRule, type ImpactVerdict, type KindRules, listOf } from './rule.js'

const commentRule: ImpactVerdict = ['harmless', 'it is documentation']

/** Comments: facts of every kind, read and compared only with `VERIFY_COMMENTS`. */
export const commentRules: Readonly<Record<string, ImpactRule<FactChange>>> = {
  comment: commentRule,
  columnComments: commentRule,
  constraintComments: commentRule,
  indexComment: commentRule,
}

/** The comment of the database, which is compared where others are if a migration has written one. */
export const databaseCommentRules: KindRules = {
  missing: commentRule,
  unexpected: commentRule,
  changed: { value: commentRule },
}

const privilegesRule: ImpactRule<FactChange> = {
  cases: [
    [
      'a role may do less than promised',
      losesPrivilege,
      ['breaks', 'what the role does with it is refused: permission denied'],
    ],
  ],
  otherwise: ['weakens', 'roles may do more with it than promised'],
}

/** Owners and grants: facts of every kind that has them, read and compared only with `VERIFY_GRANTS`. */
export const grantRules: Readonly<Record<string, ImpactRule<FactChange>>> = {
  owner: ['weakens', 'another role may change and drop it, and policies do not apply to that role'],
  grants: privilegesRule,
  columnGrants: privilegesRule,
}

type PrivilegesByRole = ReadonlyMap<string, readonly string[]>

/** Grants are texts such as `app: SELECT, UPDATE*`. A role without one has what PostgreSQL gives it implicitly. */
function losesPrivilege({ expected, actual }: FactChange): boolean {
  const [promised, given] = [parseRolePrivileges(expected), parseRolePrivileges(actual)]
  return [...new Set([...promised.keys(), ...given.keys()])].some((role) => {
    const had = promised.get(role) ?? implicitPrivileges(given.get(role), role)
    const has = given.get(role) ?? implicitPrivileges(promised.get(role), role)
    return !had.every((privilege) => includesPrivilege(has, privilege))
  })
}

function parseRolePrivileges(grants: Fact | undefined): PrivilegesByRole {
  return new Map(
    listOf(grants).map((grant) => {
      const colon = grant.lastIndexOf(': ')
      const listed = grant.slice(colon + 2)
      return [grant.slice(0, colon), listed === 'none' ? [] : listed.split(', ')]
    }),
  )
}

/** What a role has without a grant where the other side has one: the owner all, others what was revoked there. */
function implicitPrivileges(other: readonly string[] | undefined, role: string): readonly string[] {
  return other?.length === 0 || /(?:^|: )OWNER$/.test(role) ? ['ALL'] : []
}

/** A star is the grant option: the role may grant the privilege to others. */
function includesPrivilege(privileges: readonly string[], wanted: string): boolean {
  const withStar = wanted.endsWith('*') ? wanted : `${wanted}*`
  const enough = [wanted, withStar, 'ALL*', ...(wanted === withStar ? [] : ['ALL'])]
  return enough.some((privilege) => privileges.includes(privilege))
}
