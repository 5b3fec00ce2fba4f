import { type DdlObject, list, type Step, step, text } from '../object.js'
import { baselineOfType } from './acl-baseline.js'
import {
  type Acl,
  aclActions,
  aclChanges,
  aclStatement,
  noPrivileges,
  parseAcl,
  type Privileges,
} from './acl.js'

interface Sides {
  readonly from?: DdlObject
  readonly to?: DdlObject
}

/**
 * ALTER DEFAULT PRIVILEGES from one side to the other; a side that is left out is that of nothing said. What the owner of
 * the database makes is written as what the role makes that runs it.
 */
export function defaultPrivilegeSteps({ from, to }: Sides): readonly Step[] {
  const object = to ?? from
  if (object === undefined) return []
  const [was, shall] = [aclOf(from), aclOf(to)]
  const baseline = (grantee: string): Privileges =>
    object.facts['schema'] === undefined ? baselineOfType(text(object, 'objects'), grantee) : noPrivileges
  const changes = aclChanges([...was.keys(), ...shall.keys()], {
    from: (grantee) => was.get(grantee) ?? baseline(grantee),
    to: (grantee) => shall.get(grantee) ?? baseline(grantee),
  })
  return aclActions(changes).map((action) => {
    const { grantee } = action
    const role = grantee === 'OWNER' ? text(object, 'role') || 'CURRENT_USER' : grantee
    return step(`${headOf(object)} ${aclStatement(action, text(object, 'objects').toUpperCase(), role)}`)
  })
}

function aclOf(object: DdlObject | undefined): Acl {
  return parseAcl(object === undefined ? [] : list(object, 'grants'))
}

function headOf(object: DdlObject): string {
  const [role, schema] = [text(object, 'role'), text(object, 'schema')]
  return `ALTER DEFAULT PRIVILEGES${role === '' ? '' : ` FOR ROLE ${role}`}${schema === '' ? '' : ` IN SCHEMA ${schema}`}`
}
