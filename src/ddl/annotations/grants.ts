import type { Catalog } from '../../core/model/catalog.js'
import {
  type DdlObject,
  findRelation,
  keyFromName,
  listFact,
  relationKeyOf,
  type DdlStep,
  step,
  textFact,
} from '../object.js'
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
import { defaultPrivilegeSteps } from './default-privileges.js'
import { initialAcl, builtInPrivilegesOf } from './initial-acl.js'
import { ownerFollowsTable, withDatabaseOwner } from './owner.js'

/** The type of object in GRANT, by kind. */
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

/**
 * REVOKE for what was granted to the new owner of an object, before OWNER TO makes it a part of the privileges of the owner,
 * with its grant options.
 */
export function newOwnerRevokeSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  if (!hasGrantOption(parseAcl(listFact(from, 'grants')).get(textFact(to, 'owner')))) return []
  const own = actionsOnAlter(from, to).filter((action) => isOfNewOwner(action, from, to))
  return ownActions(own, to).map((action) => grantStep(action, to))
}

function isOfNewOwner({ grantee }: AclAction, from: DdlObject, to: DdlObject): boolean {
  const owner = textFact(to, 'owner')
  return owner !== '' && grantee === owner && owner !== textFact(from, 'owner')
}

/** GRANT and REVOKE for an object that exists, after its owner has changed. */
export function grantSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  const steps = grantStepsOnAlter(from, to)
  const table = ownerFollowsTable(from, to) ? owningTableKey(to) : null
  return table === null ? steps : steps.map((step) => ({ ...step, phase: 'attach', after: [table] }))
}

function owningTableKey(sequence: DdlObject): string | null {
  const column = keyFromName('column', textFact(sequence, 'ownedBy'))
  return relationKeyOf(sequence.catalog, column) ?? null
}

function grantStepsOnAlter(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  if (to.kind === 'default_privileges') return defaultPrivilegeSteps(from, to)
  const actions = actionsOnAlter(from, to).filter((action) => !isOfNewOwner(action, from, to))
  const revoked = new Set(actions.filter(({ verb }) => verb !== 'GRANT').map(({ grantee }) => grantee))
  const regrants = columnRegrantActions(to, revoked)
  return [
    ...[...ownActions(actions, to), ...viewColumnActions(from, to)].map((action) => grantStep(action, to)),
    ...regrants.map((action) => ({ ...grantStep(action, to), phase: 'attach' }) as const),
  ]
}

/**
 * GRANT and REVOKE for an object that is created.
 *
 * @param live the catalog whose default privileges are in effect
 */
export function grantStepsOnCreate(to: DdlObject, live: Catalog): readonly DdlStep[] {
  if (to.kind === 'default_privileges') return defaultPrivilegeSteps(undefined, to)
  const actions = [...ownActions(actionsOnCreate(to, live), to), ...viewColumnActions(undefined, to)]
  return actions.map((action) => grantStep(action, to))
}

/** GRANT names the table of a column, and the column after each privilege. */
function ownActions(actions: readonly AclAction[], to: DdlObject): readonly AclAction[] {
  return to.kind === 'column' ? actions.map((action) => toColumnAction(action, to.name)) : actions
}

function actionsOnAlter(from: DdlObject, to: DdlObject): readonly AclAction[] {
  const [before, after] = [aclAfterOwnerChange(from, to), parseAcl(listFact(to, 'grants'))]
  const isPublicSchema = (grantee: string): boolean => to.key === 'schema:public' && grantee === 'PUBLIC'
  const gainsMore = (grantee: string): boolean =>
    ['ALL', 'CREATE'].some((privilege) => after.get(grantee)?.has(privilege) === true)
  const greatest = (grantee: string): Privileges =>
    isPublicSchema(grantee) && !gainsMore(grantee) ? allPrivileges : builtInPrivilegesOf(to, grantee)
  const usual = (grantee: string): Privileges =>
    isPublicSchema(grantee) && isUsageOnly(before.get(grantee))
      ? allPrivileges
      : builtInPrivilegesOf(to, grantee)
  return aclActions(
    aclChanges(
      [...before.keys(), ...after.keys()],
      (grantee) => before.get(grantee) ?? greatest(grantee),
      (grantee) => after.get(grantee) ?? usual(grantee),
    ),
  )
}

/**
 * On PostgreSQL 14 PUBLIC may create objects in the schema public by default, since 15 it may only use the schema. The
 * catalog leaves out whichever is the default of its server.
 */
function isUsageOnly(privileges: Privileges | undefined): boolean {
  return privileges?.size === 1 && privileges.get('USAGE') === false
}

function hasGrantOption(privileges: Privileges = noPrivileges): boolean {
  return [...privileges.values()].includes(true)
}

/** OWNER TO merges the privileges that were granted to the new owner into those of the owner, if they are not revoked before. */
function aclAfterOwnerChange(from: DdlObject, to: DdlObject): Acl {
  const acl = new Map(parseAcl(listFact(from, 'grants')))
  const owner = textFact(to, 'owner')
  const granted = acl.get(owner)
  if (granted === undefined || owner === textFact(from, 'owner') || hasGrantOption(granted)) return acl
  acl.delete(owner)
  const own = acl.get('OWNER')
  return own === undefined ? acl : acl.set('OWNER', new Map([...own, ...granted]))
}

/** Revokes what default privileges may have given, and grants the rest as if they had given nothing. */
function actionsOnCreate(to: DdlObject, live: Catalog): readonly AclAction[] {
  const [initial, after] = [initialAcl(to, live), parseAcl(listFact(to, 'grants'))]
  if (initial.size === 0 && after.size === 0) return []
  const grantees = [...initial.keys(), ...after.keys()]
  const target = (grantee: string): Privileges => after.get(grantee) ?? builtInPrivilegesOf(to, grantee)
  const greatest = (grantee: string): Privileges => initial.get(grantee) ?? builtInPrivilegesOf(to, grantee)
  const least = (grantee: string): Privileges => (initial.has(grantee) ? noPrivileges : greatest(grantee))
  return [
    ...aclActions(aclChanges(grantees, greatest, target)).filter(({ verb }) => verb !== 'GRANT'),
    ...aclActions(aclChanges(grantees, least, target)).filter(({ verb }) => verb === 'GRANT'),
  ]
}

function grantStep(action: AclAction, to: DdlObject): DdlStep {
  const on = `${grantObjectTypes[to.kind]} ${to.kind === 'column' ? to.relation : to.name}${to.signature}`
  const { grantee } = action
  if (grantee !== 'OWNER') return step(aclStatement(action, on, grantee))
  const owner = textFact(findRelation(to) ?? to, 'owner')
  return step(
    owner === ''
      ? withDatabaseOwner((role) => aclStatement(action, on, role))
      : aclStatement(action, on, owner),
  )
}
