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

interface DefaultPrivilegesChange {
  readonly from?: DdlObject
  readonly to?: DdlObject
}

/**
 * ALTER DEFAULT PRIVILEGES from one side to the other; a side that is left out is that of nothing said. What the owner of
 * the database makes is written as what the role makes that runs it.
 */
export function defaultPrivilegeSteps({ from, to }: DefaultPrivilegesChange): readonly DdlStep[] {
  const object = to ?? from
  if (object === undefined) return []
  const [was, shall] = [defaultAclOf(from), defaultAclOf(to)]
  const baseline = (grantee: string): Privileges =>
    object.facts['schema'] === undefined
      ? builtInPrivilegesOfType(textFact(object, 'objects'), grantee)
      : noPrivileges
  const changes = aclChanges([...was.keys(), ...shall.keys()], {
    from: (grantee) => was.get(grantee) ?? baseline(grantee),
    to: (grantee) => shall.get(grantee) ?? baseline(grantee),
  })
  return aclActions(changes).map((action) => {
    const { grantee } = action
    const role = grantee === 'OWNER' ? textFact(object, 'role') || 'CURRENT_USER' : grantee
    return step(
      `${statementStart(object)} ${aclStatement(action, textFact(object, 'objects').toUpperCase(), role)}`,
    )
  })
}

function defaultAclOf(object: DdlObject | undefined): Acl {
  return parseAcl(object === undefined ? [] : listFact(object, 'grants'))
}

function statementStart(object: DdlObject): string {
  const [role, schema] = [textFact(object, 'role'), textFact(object, 'schema')]
  return `ALTER DEFAULT PRIVILEGES${role === '' ? '' : ` FOR ROLE ${role}`}${schema === '' ? '' : ` IN SCHEMA ${schema}`}`
}
