import { type DdlObject, listFact, type DdlStep, step, textFact } from '../object.js'
import {
  type Acl,
  aclActions,
  aclChanges,
  aclStatement,
  noPrivileges,
  parseAcl,
  type Privileges,
} from './acl.js'
import { builtInPrivilegesOfType } from './initial-acl.js'

/**
 * ALTER DEFAULT PRIVILEGES. Default privileges of the database's owner are written without FOR ROLE, so they apply to
 * the role that runs the statement.
 *
 * @param from undefined where the default privileges are new
 * @param to undefined where they end
 */
export function defaultPrivilegeSteps(
  from: DdlObject | undefined,
  to: DdlObject | undefined,
): readonly DdlStep[] {
  const object = to ?? from
  if (object === undefined) return []
  const [before, after] = [defaultAclOf(from), defaultAclOf(to)]
  const objects = textFact(object, 'objects')
  const builtIn = (grantee: string): Privileges =>
    object.facts['schema'] === undefined ? builtInPrivilegesOfType(objects, grantee) : noPrivileges
  const changes = aclChanges(
    [...before.keys(), ...after.keys()],
    (grantee) => before.get(grantee) ?? builtIn(grantee),
    (grantee) => after.get(grantee) ?? builtIn(grantee),
  )
  return aclActions(changes).map((action) => {
    const { grantee } = action
    const role = grantee === 'OWNER' ? textFact(object, 'role') || 'CURRENT_USER' : grantee
    return step(`${statementStart(object)} ${aclStatement(action, objects.toUpperCase(), role)}`)
  })
}

function defaultAclOf(object: DdlObject | undefined): Acl {
  return parseAcl(object === undefined ? [] : listFact(object, 'grants'))
}

function statementStart(object: DdlObject): string {
  const [role, schema] = [textFact(object, 'role'), textFact(object, 'schema')]
  return `ALTER DEFAULT PRIVILEGES${role === '' ? '' : ` FOR ROLE ${role}`}${schema === '' ? '' : ` IN SCHEMA ${schema}`}`
}
