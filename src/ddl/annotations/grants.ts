import type { Catalog } from '../../core/model/catalog.js'
import { type DdlObject, listFact, type DdlStep, step, textFact } from '../object.js'
import {
  type Acl,
  aclActions,
  type AclAction,
  aclChanges,
  aclStatement,
  allPrivileges,
  noPrivileges,
  parseAcl,
  type Privileges,
} from './acl.js'
import { viewColumnActions, columnRegrantActions, toColumnAction } from './column-grants.js'
import type { ObjectTransition } from './comment.js'
import { defaultPrivilegeSteps } from './default-privileges.js'
import { initialAcl, builtInPrivilegesOf } from './initial-acl.js'
import { withDatabaseOwner } from './owner.js'

/** What GRANT calls an object of each kind that has privileges. */
const grantObjectTypes: Readonly<Record<string, string>> = {
  table: 'TABLE',
  view: 'TABLE',
  materialized_view: 'TABLE',
  foreign_table: 'TABLE',
  column: 'TABLE',
  sequence: 'SEQUENCE',
  function: 'FUNCTION',
  aggregate: 'FUNCTION',
  procedure: 'PROCEDURE',
  schema: 'SCHEMA',
  language: 'LANGUAGE',
  foreign_data_wrapper: 'FOREIGN DATA WRAPPER',
  server: 'FOREIGN SERVER',
  enum: 'TYPE',
  domain: 'TYPE',
  composite: 'TYPE',
  range: 'TYPE',
  base_type: 'TYPE',
}

export interface GrantTransition extends ObjectTransition {
  /** The catalog whose default privileges are in effect when the object is made. Default: that of `to`. */
  readonly present?: Catalog
}

/** GRANT and REVOKE, from what is granted on the object, or will be once it is made, to what shall be. */
export function grantSteps({ from, to, present = to.catalog }: GrantTransition): readonly DdlStep[] {
  if (to.kind === 'default_privileges') return defaultPrivilegeSteps({ ...(from && { from }), to })
  const actions = from === undefined ? actionsOnCreate(to, present) : actionsOnAlter(from, to)
  const revoked = new Set(actions.filter(({ verb }) => verb !== 'GRANT').map(({ grantee }) => grantee))
  const regranted = from === undefined ? [] : columnRegrantActions(to, revoked)
  const own = to.kind === 'column' ? actions.map((action) => toColumnAction(action, to.name)) : actions
  return [
    ...[...own, ...viewColumnActions(from, to)].map((action) => grantStep(action, to)),
    ...regranted.map((action) => ({ ...grantStep(action, to), phase: 'attach' }) as const),
  ]
}

function actionsOnAlter(from: DdlObject, to: DdlObject): readonly AclAction[] {
  const [was, shall] = [aclAfterOwnerChange(from, to), parseAcl(listFact(to, 'grants'))]
  const isOpen = (grantee: string): boolean => to.key === 'schema:public' && grantee === 'PUBLIC'
  const usual = (grantee: string): Privileges =>
    isOpen(grantee) && isUsageOnly(was.get(grantee)) ? allPrivileges : builtInPrivilegesOf(to, grantee)
  const isGivenMore = (grantee: string): boolean =>
    ['ALL', 'CREATE'].some((privilege) => shall.get(grantee)?.has(privilege) === true)
  const most = (grantee: string): Privileges =>
    isOpen(grantee) && !isGivenMore(grantee) ? allPrivileges : builtInPrivilegesOf(to, grantee)
  return aclActions(
    aclChanges([...was.keys(), ...shall.keys()], {
      from: (grantee) => was.get(grantee) ?? most(grantee),
      to: (grantee) => shall.get(grantee) ?? usual(grantee),
    }),
  )
}

/** All may create objects in the schema public of 14. Since 15 they may only use it, which then goes without saying. */
function isUsageOnly(privileges: Privileges | undefined): boolean {
  return privileges?.size === 1 && privileges.get('USAGE') === false
}

/** A new owner has what was granted to him as what he owns. */
function aclAfterOwnerChange(from: DdlObject, to: DdlObject): Acl {
  const acl = new Map(parseAcl(listFact(from, 'grants')))
  const owner = textFact(to, 'owner')
  const granted = acl.get(owner)
  if (granted === undefined || owner === textFact(from, 'owner')) return acl
  acl.delete(owner)
  const own = acl.get('OWNER')
  return own === undefined ? acl : acl.set('OWNER', new Map([...own, ...granted]))
}

/** What default privileges may have given is taken, and what shall be is given whether or not they did. */
function actionsOnCreate(to: DdlObject, present: Catalog): readonly AclAction[] {
  const [given, shall] = [initialAcl(to, present), parseAcl(listFact(to, 'grants'))]
  const grantees = [...given.keys(), ...shall.keys()]
  const target = (grantee: string): Privileges => shall.get(grantee) ?? builtInPrivilegesOf(to, grantee)
  const most = (grantee: string): Privileges => given.get(grantee) ?? builtInPrivilegesOf(to, grantee)
  const least = (grantee: string): Privileges => (given.has(grantee) ? noPrivileges : most(grantee))
  return [
    ...aclActions(aclChanges(grantees, { from: most, to: target })).filter(({ verb }) => verb !== 'GRANT'),
    ...aclActions(aclChanges(grantees, { from: least, to: target })).filter(({ verb }) => verb === 'GRANT'),
  ]
}

function grantStep(action: AclAction, to: DdlObject): DdlStep {
  const on = `${grantObjectTypes[to.kind]} ${to.kind === 'column' ? to.relation : to.name}${to.signature}`
  const { grantee } = action
  if (grantee !== 'OWNER') return step(aclStatement(action, on, grantee))
  const owner = textFact(to, 'owner')
  return step(
    owner === ''
      ? withDatabaseOwner((role) => aclStatement(action, on, role))
      : aclStatement(action, on, owner),
  )
}
