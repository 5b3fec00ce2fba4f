import { splitNamedText } from '../named-text.js'

/**
 * The privileges of a grantee, each with whether it has the grant option. `ALL` stands for all privileges of the
 * object.
 */
export type Privileges = ReadonlyMap<string, boolean>

/** Privileges by grantee: a role as in SQL, PUBLIC, or OWNER for the owner of the object. */
export type Acl = ReadonlyMap<string, Privileges>

/** One GRANT or REVOKE, without the object. */
export interface AclAction {
  readonly verb: 'GRANT' | 'REVOKE' | 'REVOKE GRANT OPTION FOR'
  readonly privileges: readonly string[]
  readonly grantee: string
  /** The clause after the grantee. */
  readonly end: '' | ' WITH GRANT OPTION' | ' CASCADE'
}

export const noPrivileges: Privileges = new Map()
export const allPrivileges: Privileges = new Map([['ALL', false]])

/**
 * Reads the entries of a list fact: `app_reader: SELECT, UPDATE*`, `PUBLIC: none`; the asterisk is the grant option.
 */
export function parseAcl(grants: readonly string[]): Acl {
  return new Map(
    grants
      .map(splitNamedText)
      .map(({ name, text }) => [name, text === 'none' ? noPrivileges : parsePrivileges(text)]),
  )
}

function parsePrivileges(text: string): Privileges {
  return new Map(text.split(', ').map((privilege) => [privilege.replace('*', ''), privilege.endsWith('*')]))
}

/** The privileges of one grantee before and after. */
export interface AclChange {
  readonly grantee: string
  readonly from: Privileges
  readonly to: Privileges
}

/** The statements for the changes of all grantees: first every REVOKE, then every GRANT. */
export function aclActions(changes: readonly AclChange[]): readonly AclAction[] {
  const revokesAll = mayHaveDependentGrants(changes)
  const isCleared = ({ grantee }: AclChange): boolean => revokesAll && grantee !== 'OWNER'
  return [
    ...changes.flatMap((change) => (isCleared(change) ? revokeAllActions(change) : revokeActions(change))),
    ...changes.flatMap((change) =>
      grantActions(isCleared(change) ? { ...change, from: noPrivileges } : change),
    ),
  ]
}

/** The SQL of an action on an object (`TABLE public.songs`) for a role. */
export function aclStatement({ verb, privileges, end }: AclAction, on: string, role: string): string {
  return `${verb} ${privileges.join(', ')} ON ${on} ${verb === 'GRANT' ? 'TO' : 'FROM'} ${role}${end}`
}

/** The changes of some grantees, each once and in alphabetical order. */
export function aclChanges(
  grantees: Iterable<string>,
  privilegesBefore: (grantee: string) => Privileges,
  privilegesAfter: (grantee: string) => Privileges,
): readonly AclChange[] {
  return [...new Set(grantees)]
    .sort()
    .map((grantee) => ({ grantee, from: privilegesBefore(grantee), to: privilegesAfter(grantee) }))
}

/**
 * Whether a REVOKE may affect privileges that one grantee granted to a different one. The catalog does not say who
 * granted a privilege, so then all are revoked and granted again.
 */
function mayHaveDependentGrants(changes: readonly AclChange[]): boolean {
  const others = changes.filter(({ grantee, from }) => grantee !== 'OWNER' && from.size > 0)
  return (
    others.length > 1 &&
    others.some(({ from }) => [...from.values()].includes(true)) &&
    others.some((change) => revokeActions(change).length > 0)
  )
}

function revokeAllActions({ grantee, from }: AclChange): readonly AclAction[] {
  if (from.size === 0) return []
  const end = grantee === 'PUBLIC' ? '' : ' CASCADE'
  return [{ verb: 'REVOKE', privileges: ['ALL'], grantee, end }]
}

/** A grantee with ALL loses ALL first, because the privileges that ALL contains depend on PostgreSQL's version. */
function revokeActions({ grantee, from, to }: AclChange): readonly AclAction[] {
  if (from.has('ALL') && !to.has('ALL')) return [{ verb: 'REVOKE', privileges: ['ALL'], grantee, end: '' }]
  const lost = [...from.keys()].filter((privilege) => grantOptionOf(to, privilege) === undefined)
  const kept = [...from].filter(([privilege, option]) => option && grantOptionOf(to, privilege) === false)
  const revoke = (verb: AclAction['verb'], privileges: readonly string[]): readonly AclAction[] =>
    privileges.length === 0 ? [] : [{ verb, privileges, grantee, end: '' }]
  return [
    ...revoke('REVOKE', lost),
    ...revoke(
      'REVOKE GRANT OPTION FOR',
      kept.map(([privilege]) => privilege),
    ),
  ]
}

function grantActions({ grantee, from, to }: AclChange): readonly AclAction[] {
  const start = from.has('ALL') && !to.has('ALL') ? noPrivileges : from
  const added = [...to].filter(([privilege, option]) => {
    const existing = grantOptionOf(start, privilege)
    return existing === undefined || (option && !existing)
  })
  return [false, true].flatMap((option) => {
    const privileges = added.filter(([, hasOption]) => hasOption === option).map(([privilege]) => privilege)
    if (privileges.length === 0) return []
    return [{ verb: 'GRANT', privileges, grantee, end: option ? ' WITH GRANT OPTION' : '' } as const]
  })
}

/** Whether a grantee has the grant option for a privilege; undefined if the grantee does not have the privilege. */
function grantOptionOf(privileges: Privileges, privilege: string): boolean | undefined {
  return privileges.get(privilege) ?? privileges.get('ALL')
}
