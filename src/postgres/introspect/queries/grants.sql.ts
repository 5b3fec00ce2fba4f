import { type AnnotationQuery, restrictedTo } from './annotation-query.js'
import { type KindQuery, userSchema } from './kind-query.js'

const databaseOwner = `(select datdba from pg_database where datname = current_database())`

/**
 * SQL for the differences of an ACL from the standard one, as sorted texts: `app_reader: SELECT, UPDATE*`. `*` is the grant
 * option, OWNER the owner of the object, ALL all privileges of the object type, whose number differs by version (17 adds
 * MAINTAIN). The arguments are SQL: the ACL, the one without any GRANT or REVOKE, the owner, the number of privileges.
 */
function grantsExpression(acl: string, standard: string, owner: string, all: string): string {
  const entries = (
    source: string,
  ): string => `select e.grantee, string_agg(e.privilege, ', ' order by e.privilege) as listed
    from (select a.grantee, a.privilege_type || case when bool_or(a.is_grantable) then '*' else '' end as privilege
      from aclexplode(${source}) a group by a.grantee, a.privilege_type) e group by e.grantee`
  const named = `case coalesce(g.grantee, b.grantee) when 0 then 'PUBLIC' when ${owner} then 'OWNER'
    else coalesce((select quote_ident(r.rolname) from pg_roles r where r.oid = coalesce(g.grantee, b.grantee)), '?') end`
  const listed = `case when array_length(string_to_array(g.listed, ', '), 1) = ${all}
      then case when g.listed like '%*%' then case when g.listed ~ '^[^,]+[*](, [^,]+[*])*$' then 'ALL*' else g.listed end
        else 'ALL' end
    else coalesce(g.listed, 'none') end`
  return `(select json_agg(t order by t collate "C") from (
    select ${named} || ': ' || ${listed}
    from (${entries(acl)}) g full join (${entries(standard)}) b on b.grantee = g.grantee
    where g.listed is distinct from b.listed) as texts(t))`
}

interface AclCatalog {
  readonly catalog: string
  readonly owner: string
  readonly acl: string
  /** The object type, for acldefault(). */
  readonly type: string
}

/** The objects of a catalog whose owner is not that of the database, or whose privileges were changed. */
function aclCatalogQuery({ catalog, owner, acl, type }: AclCatalog): string {
  return `select '${catalog}' as catalog, o.oid, o.${owner} as owner, o.${acl} as acl, acldefault(${type}, o.${owner}) as standard
    from ${catalog} o
    where (o.oid >= 16384 or (o.oid = to_regnamespace('public') and '${catalog}' = 'pg_namespace'))
      and (o.${acl} is not null or o.${owner} <> ${databaseOwner})`
}

/** One expression for all catalogs: to plan it takes longer than to run it. */
function aclQuery(catalogs: readonly AclCatalog[]): string {
  const initial = `(select p.initprivs from pg_init_privs p
    where p.classoid = o.catalog::regclass and p.objoid = o.oid and p.objsubid = 0)`
  const grants = grantsExpression(
    'o.acl',
    `coalesce(${initial}, o.standard)`,
    'o.owner',
    `(select count(*) from aclexplode(o.standard) a where a.grantee = o.owner)`,
  )
  return `select o.catalog, o.oid, 0 as sub,
      case when o.owner <> ${databaseOwner} then
        (select quote_ident(nullif(rolname, 'pg_database_owner')) from pg_roles where oid = o.owner) end as owner,
      case when o.acl is not null then ${grants} end as grants, null::json as "columnGrants"
    from (${unionOf(catalogs.map(aclCatalogQuery))}) o`
}

/** The system catalogs of objects that have an ACL. */
const aclCatalogs: readonly AclCatalog[] = [
  { catalog: 'pg_namespace', owner: 'nspowner', acl: 'nspacl', type: `'n'` },
  {
    catalog: 'pg_class',
    owner: 'relowner',
    acl: 'relacl',
    type: `case o.relkind when 'S' then 's'::"char" else 'r' end`,
  },
  { catalog: 'pg_proc', owner: 'proowner', acl: 'proacl', type: `'f'` },
  { catalog: 'pg_type', owner: 'typowner', acl: 'typacl', type: `'T'` },
  { catalog: 'pg_language', owner: 'lanowner', acl: 'lanacl', type: `'l'` },
  { catalog: 'pg_foreign_data_wrapper', owner: 'fdwowner', acl: 'fdwacl', type: `'F'` },
  { catalog: 'pg_foreign_server', owner: 'srvowner', acl: 'srvacl', type: `'S'` },
]

const columnGrants = grantsExpression('o.attacl', `acldefault('c', 10)`, 'c.relowner', '4')

/** The columns of a view are no objects here, so grants on them are a fact of the view. */
const columnGrantQuery = `select 'pg_class', v.oid, v.sub, null, json_agg(g order by g collate "C") filter (where v.sub > 0),
      json_agg(v.name || ': ' || g order by v.number, g collate "C") filter (where v.sub = 0)
    from (select c.oid, case when c.relkind in ('v', 'm') then 0 else o.attnum end as sub, quote_ident(o.attname) as name,
        o.attnum as number, ${columnGrants} as grants
      from pg_attribute o join pg_class c on c.oid = o.attrelid
      -- Not c.oid >= 16384, which would be taken for a few rows.
      where o.attacl is not null and c.oid::bigint >= 16384) v
      cross join lateral json_array_elements_text(v.grants) g
    group by v.oid, v.sub`

/** The owner column of catalogs whose objects have an owner and no ACL. */
const ownedCatalogs: Readonly<Record<string, string>> = {
  pg_operator: 'oprowner',
  pg_opclass: 'opcowner',
  pg_opfamily: 'opfowner',
  pg_collation: 'collowner',
  pg_conversion: 'conowner',
  pg_ts_config: 'cfgowner',
  pg_ts_dict: 'dictowner',
  pg_statistic_ext: 'stxowner',
  pg_event_trigger: 'evtowner',
  pg_publication: 'pubowner',
  pg_subscription: 'subowner',
}

const ownedObjects = Object.entries(ownedCatalogs).map(
  ([catalog, owner]) => `select '${catalog}' as catalog, o.oid, o.${owner} as owner
    from ${catalog} o where o.oid >= 16384 and o.${owner} <> ${databaseOwner}`,
)
const owners = `select o.catalog, o.oid, 0, (select quote_ident(rolname) from pg_roles where oid = o.owner), null, null
    from (${unionOf(ownedObjects)}) o`

function unionOf(queries: readonly string[]): string {
  return queries.join('\nunion all ')
}

/** Those of schemas, relations, routines and types. */
const commonAclCatalogs = new Set(['pg_namespace', 'pg_class', 'pg_proc', 'pg_type'])
const inCommonCatalogs = aclCatalogs.filter(({ catalog }) => commonAclCatalogs.has(catalog))

/** Catalog, oid and column of each object whose owner is not that of the database, or whose privileges are not standard. */
export const grantQuery: AnnotationQuery = {
  sql: unionOf([aclQuery(aclCatalogs), columnGrantQuery, owners]),
  restricted: restrictedTo(unionOf([aclQuery(inCommonCatalogs), columnGrantQuery])),
}

const objectTypes = `case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
  when 'T' then 'types' when 'n' then 'schemas' when 'L' then 'large objects' end`

/** The object types of pg_default_acl as acldefault() names them. */
const defaultType = `case d.defaclobjtype when 'S' then 's'::"char" else d.defaclobjtype end`

/** The privileges on future objects, by the role that will create them. Read only with grants. */
export const defaultPrivilegesQuery: KindQuery = {
  kind: 'default_privileges',
  catalog: 'pg_default_acl',
  names: 1,
  onlyWith: 'grants',
  sql: `select d.oid, 0, concat_ws(' ', ${objectTypes}, 'in ' || n.nspname, 'by', coalesce(r.rolname, 'OWNER')),
      ${objectTypes} as objects, quote_ident(n.nspname) as schema, quote_ident(r.rolname) as role,
      ${grantsExpression(
        'd.defaclacl',
        `case when d.defaclnamespace = 0 then acldefault(${defaultType}, d.defaclrole) else acldefault('c', 10) end`,
        'd.defaclrole',
        `(select count(*) from aclexplode(acldefault(${defaultType}, d.defaclrole)) a
          where a.grantee = d.defaclrole)`,
      )} as grants
    from pg_default_acl d
      left join pg_namespace n on n.oid = d.defaclnamespace
      left join pg_roles r on r.oid = d.defaclrole and d.defaclrole <> ${databaseOwner}
    where n.oid is null or (${userSchema})`,
}
