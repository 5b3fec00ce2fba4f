import { splitNamed } from '../named-text.js'
import { type DdlObject, findObject, list, partsOf } from '../object.js'
import { type Acl, aclActions, type AclAction, aclChanges, noPrivileges, parseAcl } from './acl.js'

type AclByColumn = ReadonlyMap<string, Acl>

/** GRANT and REVOKE on the columns of a view, which are no objects of their own. */
export function columnActions(from: DdlObject | undefined, to: DdlObject): readonly AclAction[] {
  const [was, shall] = [listedAcls(from), listedAcls(to)]
  return [...new Set([...was.keys(), ...shall.keys()])].flatMap((column) => {
    const [before, after] = [was.get(column), shall.get(column)]
    const changes = aclChanges([...(before?.keys() ?? []), ...(after?.keys() ?? [])], {
      from: (grantee) => before?.get(grantee) ?? noPrivileges,
      to: (grantee) => after?.get(grantee) ?? noPrivileges,
    })
    return aclActions(changes).map((action) => onColumn(action, column))
  })
}

/** What a REVOKE on a relation takes from the same grantees on its columns, to be given again. */
export function columnsRegranted(relation: DdlObject, grantees: ReadonlySet<string>): readonly AclAction[] {
  return [...listedAcls(relation), ...columnAcls(relation)].flatMap(([column, acl]) => {
    const lost = [...acl].filter(([grantee]) => grantees.has(grantee))
    return aclActions(lost.map(([grantee, to]) => ({ grantee, from: noPrivileges, to }))).map((action) =>
      onColumn(action, column),
    )
  })
}

/** `SELECT (title)` for SELECT. */
export function onColumn(action: AclAction, column: string): AclAction {
  return { ...action, privileges: action.privileges.map((privilege) => `${privilege} (${column})`) }
}

function listedAcls(view: DdlObject | undefined): AclByColumn {
  const byColumn = new Map<string, string[]>()
  for (const entry of view === undefined ? [] : list(view, 'columnGrants')) {
    const { name, text } = splitNamed(entry)
    byColumn.set(name, [...(byColumn.get(name) ?? []), text])
  }
  return new Map([...byColumn].map(([column, grants]) => [column, parseAcl(grants)]))
}

function columnAcls({ catalog, key }: DdlObject): AclByColumn {
  const columns = (partsOf(catalog).get(key) ?? [])
    .filter((part) => part.startsWith('column:'))
    .toSorted()
    .flatMap((part) => findObject(catalog, part) ?? [])
  return new Map(columns.map((column) => [column.name, parseAcl(list(column, 'grants'))]))
}
