import { splitNamedText } from '../named-text.js'
import { type DdlObject, findObject, listFact, columnKeysOf } from '../object.js'
import { type Acl, aclActions, type AclAction, aclChanges, noPrivileges, parseAcl } from './acl.js'

type AclByColumn = ReadonlyMap<string, Acl>

/** GRANT and REVOKE on the columns of a view, which are not objects of their own in the catalog. */
export function viewColumnActions(from: DdlObject | undefined, to: DdlObject): readonly AclAction[] {
  if (from?.facts['columnGrants'] === to.facts['columnGrants']) return []
  const [aclsBefore, aclsAfter] = [viewColumnAcls(from), viewColumnAcls(to)]
  return [...new Set([...aclsBefore.keys(), ...aclsAfter.keys()])].flatMap((column) => {
    const [before, after] = [aclsBefore.get(column), aclsAfter.get(column)]
    const changes = aclChanges(
      [...(before?.keys() ?? []), ...(after?.keys() ?? [])],
      (grantee) => before?.get(grantee) ?? noPrivileges,
      (grantee) => after?.get(grantee) ?? noPrivileges,
    )
    return aclActions(changes).map((action) => toColumnAction(action, column))
  })
}

/** The column privileges that a REVOKE on the relation takes from the same grantees, to be granted again. */
export function columnRegrantActions(
  relation: DdlObject,
  grantees: ReadonlySet<string>,
): readonly AclAction[] {
  return [...viewColumnAcls(relation), ...tableColumnAcls(relation)].flatMap(([column, acl]) => {
    const lost = [...acl].filter(([grantee]) => grantees.has(grantee))
    return aclActions(lost.map(([grantee, to]) => ({ grantee, from: noPrivileges, to }))).map((action) =>
      toColumnAction(action, column),
    )
  })
}

/** `SELECT (title)` for SELECT. */
export function toColumnAction(action: AclAction, column: string): AclAction {
  return { ...action, privileges: action.privileges.map((privilege) => `${privilege} (${column})`) }
}

function viewColumnAcls(view: DdlObject | undefined): AclByColumn {
  const byColumn = new Map<string, string[]>()
  for (const entry of view === undefined ? [] : listFact(view, 'columnGrants')) {
    const { name, text } = splitNamedText(entry)
    byColumn.set(name, [...(byColumn.get(name) ?? []), text])
  }
  return new Map([...byColumn].map(([column, grants]) => [column, parseAcl(grants)]))
}

function tableColumnAcls({ catalog, key }: DdlObject): AclByColumn {
  const columns = columnKeysOf(catalog, key)
    .toSorted()
    .flatMap((part) => findObject(catalog, part) ?? [])
  return new Map(columns.map((column) => [column.name, parseAcl(listFact(column, 'grants'))]))
}
