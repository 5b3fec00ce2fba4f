import { type Catalog, oncePerCatalog } from '../../core/model/catalog.js'
import { quoteIdentifier } from '../identifiers.js'
import { type DdlObject, findObject, listFact, textFact } from '../object.js'
import { type Acl, allPrivileges, noPrivileges, parseAcl, type Privileges } from './acl.js'

/** The type of object in ALTER DEFAULT PRIVILEGES, by kind. */
const defaultPrivilegeTypes: Readonly<Record<string, string>> = {
  table: 'tables',
  view: 'tables',
  materialized_view: 'tables',
  foreign_table: 'tables',
  sequence: 'sequences',
  function: 'functions',
  aggregate: 'functions',
  procedure: 'functions',
  enum: 'types',
  domain: 'types',
  composite: 'types',
  range: 'types',
  base_type: 'types',
  schema: 'schemas',
}

/** The types of objects on which PUBLIC has privileges by default. */
const typesOpenToPublic = new Set(['functions', 'types'])

/** The privileges of a grantee on a new object without default privileges, by the type in ALTER DEFAULT PRIVILEGES. */
export function builtInPrivilegesOfType(type: string, grantee: string): Privileges {
  if (grantee === 'OWNER') return allPrivileges
  return grantee === 'PUBLIC' && typesOpenToPublic.has(type) ? allPrivileges : noPrivileges
}

/** The privileges of a grantee on a new object without default privileges. */
export function builtInPrivilegesOf({ kind, key }: DdlObject, grantee: string): Privileges {
  if (kind === 'column') return noPrivileges
  if (grantee === 'PUBLIC' && kind === 'language') return allPrivileges
  if (grantee === 'PUBLIC' && key === 'schema:public') return new Map([['USAGE', false]])
  return builtInPrivilegesOfType(defaultPrivilegeTypes[kind] ?? '', grantee)
}

const findDefaultPrivileges = oncePerCatalog((catalog): readonly DdlObject[] =>
  Object.keys(catalog)
    .filter((key) => key.startsWith('default_privileges:'))
    .flatMap((key) => findObject(catalog, key) ?? []),
)

/**
 * The privileges that the default privileges of the live catalog may give to an object when it is created, by grantee.
 * They combine the default privileges of all roles, because the role that creates the object is not known, and leave
 * out those that the plan drops, which it does first.
 */
export function initialAcl(object: DdlObject, live: Catalog): Acl {
  const initial = new Map<string, Privileges>()
  for (const defaults of findDefaultPrivileges(live)) {
    if (!appliesTo(defaults, object) || object.catalog[defaults.key] === undefined) continue
    for (const [grantee, privileges] of parseAcl(listFact(defaults, 'grants'))) {
      if (grantee === 'OWNER' && textFact(defaults, 'role') !== textFact(object, 'owner')) continue
      initial.set(
        grantee,
        new Map([...(initial.get(grantee) ?? builtInPrivilegesOf(object, grantee)), ...privileges]),
      )
    }
  }
  return initial
}

function appliesTo(defaults: DdlObject, { kind, names }: DdlObject): boolean {
  const schema = textFact(defaults, 'schema')
  return (
    textFact(defaults, 'objects') === defaultPrivilegeTypes[kind] &&
    (schema === '' || schema === quoteIdentifier(names[0] ?? ''))
  )
}
