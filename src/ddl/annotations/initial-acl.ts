import type { Catalog } from '../../core/model/catalog.js'
import { quoteIdentifier } from '../identifiers.js'
import { type DdlObject, findObject, listFact, textFact } from '../object.js'
import { type Acl, allPrivileges, noPrivileges, parseAcl, type Privileges } from './acl.js'

/** What ALTER DEFAULT PRIVILEGES calls objects of each kind it knows. */
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

/** The types of objects that PUBLIC may use as soon as they are made. */
const typesOpenToPublic = new Set(['functions', 'types'])

/** What a grantee may do with an object of a type of ALTER DEFAULT PRIVILEGES if nobody says anything. */
export function builtInPrivilegesOfType(type: string, grantee: string): Privileges {
  if (grantee === 'OWNER') return allPrivileges
  return grantee === 'PUBLIC' && typesOpenToPublic.has(type) ? allPrivileges : noPrivileges
}

/** What a grantee may do with an object if nobody says anything. */
export function builtInPrivilegesOf({ kind, key }: DdlObject, grantee: string): Privileges {
  if (kind === 'column') return noPrivileges
  if (grantee === 'PUBLIC' && kind === 'language') return allPrivileges
  if (grantee === 'PUBLIC' && key === 'schema:public') return new Map([['USAGE', false]])
  return builtInPrivilegesOfType(defaultPrivilegeTypes[kind] ?? '', grantee)
}

const defaultPrivilegesCache = new WeakMap<Catalog, readonly DdlObject[]>()

/** The default privileges of a catalog, which is searched for them once. */
function findDefaultPrivileges(catalog: Catalog): readonly DdlObject[] {
  const found =
    defaultPrivilegesCache.get(catalog) ??
    Object.keys(catalog)
      .filter((key) => key.startsWith('default_privileges:'))
      .flatMap((key) => findObject(catalog, key) ?? [])
  defaultPrivilegesCache.set(catalog, found)
  return found
}

/**
 * What an object may come with when it is made while the default privileges of a catalog are in effect: by grantee, all
 * that any of them gives, because who will make it is not known. Those that are to go are gone by then.
 */
export function initialAcl(object: DdlObject, present: Catalog): Acl {
  const given = new Map<string, Privileges>()
  for (const defaults of findDefaultPrivileges(present)) {
    if (!appliesTo(defaults, object) || object.catalog[defaults.key] === undefined) continue
    for (const [grantee, privileges] of parseAcl(listFact(defaults, 'grants'))) {
      if (grantee === 'OWNER' && textFact(defaults, 'role') !== textFact(object, 'owner')) continue
      given.set(
        grantee,
        new Map([...(given.get(grantee) ?? builtInPrivilegesOf(object, grantee)), ...privileges]),
      )
    }
  }
  return given
}

function appliesTo(defaults: DdlObject, { kind, names }: DdlObject): boolean {
  const schema = textFact(defaults, 'schema')
  return (
    textFact(defaults, 'objects') === defaultPrivilegeTypes[kind] &&
    (schema === '' || schema === quoteIdentifier(names[0] ?? ''))
  )
}
