import type { Fact } from '../model/catalog.js'
import { type FactChange, listOf, type ImpactRule } from './rule.js'

const commentRule: ImpactRule<FactChange> = ['harmless', 'it is documentation']

/** What people wrote: facts of every kind, read and compared only when asked. */
export const commentRules: Readonly<Record<string, ImpactRule<FactChange>>> = {
  comment: commentRule,
  columnComments: commentRule,
  constraintComments: commentRule,
  indexComment: commentRule,
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

/** Who owns and who may use: facts of every kind that has them, read and compared only when asked. */
export const grantRules: Readonly<Record<string, ImpactRule<FactChange>>> = {
  owner: ['weakens', 'another role may change and drop it, and policies do not apply to that role'],
  grants: privilegesRule,
  columnGrants: privilegesRule,
}

type PrivilegesByRole = ReadonlyMap<string, readonly string[]>

/** Grants are texts such as `app: SELECT, UPDATE*`; for what stands in none PostgreSQL's own rules apply. */
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

/** What a role has by itself where the other side says something else: the owner all, others what was taken away. */
function implicitPrivileges(other: readonly string[] | undefined, role: string): readonly string[] {
  return other?.length === 0 || /(?:^|: )OWNER$/.test(role) ? ['ALL'] : []
}

/** A star is the right to pass the privilege on. */
function includesPrivilege(privileges: readonly string[], wanted: string): boolean {
  const withStar = wanted.endsWith('*') ? wanted : `${wanted}*`
  const enough = [wanted, withStar, 'ALL*', ...(wanted === withStar ? [] : ['ALL'])]
  return enough.some((privilege) => privileges.includes(privilege))
}
