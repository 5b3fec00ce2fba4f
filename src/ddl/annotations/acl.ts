import { splitNamedText } from '../named-text.js'

/** What a grantee may do, and whether he may grant it to others. `ALL` is every privilege there is. */
export type Privileges = ReadonlyMap<string, boolean>

/** Privileges by grantee as SQL names it: a role, PUBLIC, or OWNER for whoever owns the object. */
export type Acl = ReadonlyMap<string, Privileges>

/** One statement, short of what it is granted on. */
export interface AclAction {
  readonly verb: 'GRANT' | 'REVOKE' | 'REVOKE GRANT OPTION FOR'
  readonly privileges: readonly string[]
  readonly grantee: string
  /** What follows the grantee. */
  readonly end: '' | ' WITH GRANT OPTION' | ' CASCADE'
}

export const noPrivileges: Privileges = new Map()
export const allPrivileges: Privileges = new Map([['ALL', false]])

/** From the texts of a fact: `app_reader: SELECT, UPDATE*`, `PUBLIC: none`. */
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

/** The privileges of one grantee, as they are and as they shall be. */
export interface AclChange {
  readonly grantee: string
  readonly from: Privileges
  readonly to: Privileges
}

/** What brings each grantee from what he may do to what he shall: all that is revoked, then all that is granted. */
export function aclActions(changes: readonly AclChange[]): readonly AclAction[] {
  const passedOn = mayHaveDependentGrants(changes)
  const clears = ({ grantee }: AclChange): boolean => passedOn && grantee !== 'OWNER'
  return [
    ...changes.flatMap((change) => (clears(change) ? revokeAllActions(change) : revokeActions(change))),
    ...changes.flatMap((change) => grantActions(clears(change) ? { ...change, from: noPrivileges } : change)),
  ]
}

/** The statement of an action, by what the privileges are on (`TABLE public.songs`) and the grantee's name. */
export function aclStatement({ verb, privileges, end }: AclAction, on: string, role: string): string {
  return `${verb} ${privileges.join(', ')} ON ${on} ${verb === 'GRANT' ? 'TO' : 'FROM'} ${role}${end}`
}

/** The changes of some grantees, by what each may do and shall. */
export function aclChanges(
  grantees: Iterable<string>,
  { from, to }: { readonly from: PrivilegesLookup; readonly to: PrivilegesLookup },
): readonly AclChange[] {
  return [...new Set(grantees)].sort().map((grantee) => ({ grantee, from: from(grantee), to: to(grantee) }))
}

type PrivilegesLookup = (grantee: string) => Privileges

/** Whether somebody loses what another one may have granted, or granted to another: who granted what is not known. */
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

/** One who may do all and shall do less loses all first, because what all is depends on PostgreSQL's version. */
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
  const news = [...to].filter(([privilege, option]) => {
    const has = grantOptionOf(start, privilege)
    return has === undefined || (option && !has)
  })
  return [false, true].flatMap((option) => {
    const privileges = news.filter(([, wanted]) => wanted === option).map(([privilege]) => privilege)
    if (privileges.length === 0) return []
    return [{ verb: 'GRANT', privileges, grantee, end: option ? ' WITH GRANT OPTION' : '' } as const]
  })
}

/** Whether a privilege may be granted on; undefined where the grantee does not have it. */
function grantOptionOf(privileges: Privileges, privilege: string): boolean | undefined {
  return privileges.get(privilege) ?? privileges.get('ALL')
}
