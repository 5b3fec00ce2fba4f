/** The catalogs that a migration usually writes but pg_attribute, and the object whose facts a row of each is. */
const commonCatalogs = {
  pg_class: `'pg_class', x.oid`,
  pg_index: `'pg_class', x.indexrelid`,
  pg_constraint: `'pg_constraint', x.oid`,
  pg_trigger: `'pg_trigger', x.oid`,
  pg_proc: `'pg_proc', x.oid`,
  pg_type: `'pg_type', x.oid`,
  pg_enum: `'pg_type', x.enumtypid`,
  pg_namespace: `'pg_namespace', x.oid`,
  pg_description: `x.classoid::regclass::text, x.objoid`,
} as const

/** Much depends on what is in these, and they are rarely written. */
const rareCatalogs = `
  pg_extension pg_operator pg_opclass pg_opfamily pg_amop pg_amproc pg_am pg_cast pg_collation pg_conversion pg_language
  pg_transform pg_ts_config pg_ts_config_map pg_ts_dict pg_ts_parser pg_ts_template pg_statistic_ext pg_event_trigger
  pg_publication pg_publication_rel pg_foreign_data_wrapper pg_foreign_server pg_default_acl pg_authid pg_user_mapping
  pg_subscription pg_database pg_shdescription
`
  .trim()
  .split(/\s+/)

const arrayOf = (catalogs: readonly string[]): string =>
  `array[${catalogs.map((name) => `'${name}'`).join(', ')}]::regclass[]`

/**
 * SQL: whether the open transaction has written to the catalog with this oid, or the one before it. PostgreSQL counts what a
 * session writes if `track_counts` is on.
 */
const isCountedAsWritten = (oid: string): string => `pg_stat_get_xact_tuples_inserted(${oid})
  + pg_stat_get_xact_tuples_updated(${oid}) + pg_stat_get_xact_tuples_deleted(${oid}) > 0`

/** SQL: whether that is so for one of these catalogs, or not counted. */
export function mayHaveWritten(catalogs: readonly string[]): string {
  return `current_setting('track_counts') <> 'on'
    or exists (select from unnest(${arrayOf(catalogs)}) c where ${isCountedAsWritten('c')})`
}

const countedCatalogs = [
  ...Object.keys(commonCatalogs),
  ...rareCatalogs,
  'pg_attribute',
  'pg_depend',
  'pg_db_role_setting',
]

/** The locks that a change of a relation takes, and not a change of its rows. */
const ddlLockModes = `('ShareUpdateExclusiveLock', 'ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`

const isWritten = (catalog: string): string =>
  `exists (select from written where id = '${catalog}'::regclass)`

const isRecent = 'age(x.xmin) <= (select age from horizon)'

/** Only a catalog that was written is looked through. */
const recentRows = Object.entries(commonCatalogs).map(
  ([catalog, object]) => `select ${object} from ${catalog} x where ${isWritten(catalog)} and ${isRecent}`,
)

/**
 * The rows of system catalogs that the transaction of this session has written, and what it holds locks on: catalog and oid of
 * each, `pg_attribute` for a relation with a column that was written. The catalog `other` says that more was touched than
 * relations, routines and types. A row that was dropped is not found in its catalog, but locked until the end of the
 * transaction.
 */
export const touchedRowsQuery = `with horizon as materialized (
    select age(pg_current_xact_id_if_assigned()::xid) as age
  ), written as materialized (
    select c as id from unnest(${arrayOf(countedCatalogs)}) c
    where ${isCountedAsWritten('c')}
  ), attribute(relation, number) as materialized (
    select x.attrelid, x.attnum from pg_attribute x where ${isWritten('pg_attribute')} and ${isRecent}
  )
  select 'pg_class' as catalog, relation as id from attribute
  union select 'pg_attribute', relation from attribute where number > 0
  union ${recentRows.join('\n union ')}
  union select case l.locktype when 'relation' then 'pg_class' else l.classid::regclass::text end,
    case l.locktype when 'relation' then l.relation else l.objid end
  from pg_locks l
  where l.pid = pg_backend_pid() and l.granted
    and l.database = (select oid from pg_database where datname = current_database())
    and ((l.locktype = 'relation' and l.relation >= 16384 and l.mode in ${ddlLockModes})
      or (l.locktype = 'object' and l.mode <> 'AccessShareLock'))
  union select 'pg_db_role_setting', 0::oid where ${isWritten('pg_db_role_setting')}
  union select 'other', 0 from written where id = any(${arrayOf(rareCatalogs)})
  union select 'other', 0 where current_setting('track_counts') <> 'on'
  -- What becomes a member of an extension, is read no longer.
  union select 'other', 0 from pg_depend x where refclassid = 'pg_extension'::regclass and ${isWritten('pg_depend')}
    and ${isRecent}`

/** The kind of object to read for a relation, a type and a routine. */
const relationKind = `case c.relkind when 'r' then 'table' when 'p' then 'table' when 'f' then 'foreign_table'
  when 'v' then 'view' when 'm' then 'materialized_view' when 'S' then 'sequence' end`
const typeKind = `case when (select c.relkind from pg_class c where c.oid = y.typrelid) <> 'c'
    or (select e.typarray from pg_type e where e.oid = y.typelem) = y.oid then null
  else case y.typtype when 'e' then 'enum' when 'd' then 'domain' when 'c' then 'composite' when 'r' then 'range'
    when 'm' then null else 'base_type' end end`
const routineKind = `case p.prokind when 'p' then 'procedure' when 'a' then 'aggregate' else 'function' end`

/** The catalogs of the parameters of `touchedObjectsQuery`, in their order: arrays of oids of touched rows. */
export const touchedCatalogs = [
  'pg_class',
  'pg_type',
  'pg_proc',
  'pg_constraint',
  'pg_trigger',
  'pg_policy',
  'pg_rewrite',
  'pg_attribute',
  'pg_namespace',
] as const

const of = (catalog: (typeof touchedCatalogs)[number]): string =>
  `any($${touchedCatalogs.indexOf(catalog) + 1})`
const those = (name: string): string => `any(array(select id from ${name}))`

/** The rows of a catalog that depend on a relation with a column that was written. */
function dependentOn(catalog: string): string {
  return `select d.objid from pg_depend d where d.refclassid = 'pg_class'::regclass
    and d.refobjid = ${of('pg_attribute')} and d.classid = '${catalog}'::regclass`
}

/** SQL: whether one of the found rows may have other privileges or another owner than it has by default. */
const hasGrants = [
  ...Object.entries({ pg_namespace: 'nsp', pg_class: 'rel', pg_proc: 'pro', pg_type: 'typ' }).map(
    ([
      catalog,
      prefix,
    ]) => `exists (select from ${catalog} where oid = ${those('found')} and (${prefix}acl is not null
      or ${prefix}owner <> (select datdba from pg_database where datname = current_database())))`,
  ),
  `exists (select from pg_attribute where attrelid = ${those('found')} and attacl is not null)`,
]

/**
 * The objects whose facts may have changed where some rows were touched, and all rows that belong to them: the system catalog,
 * the oid, whether it is an object of its own (a relation, a type, a routine), and the kind of object to read for it. A text
 * that names a column is printed otherwise when a column is added beside it, so what depends on such a relation is read too.
 * The catalogs `comments` and `grants` say that there are such to be read.
 */
export const touchedObjectsQuery = `with named(id) as materialized (
    select unnest($1::oid[])
    union select conrelid from pg_constraint where oid = ${of('pg_constraint')}
    union select tgrelid from pg_trigger where oid = ${of('pg_trigger')}
    union select k.conrelid from pg_constraint k
      where k.oid = any(array(select g.tgconstraint from pg_trigger g where g.oid = ${of('pg_trigger')}))
    union select polrelid from pg_policy where oid = ${of('pg_policy')}
    union select ev_class from pg_rewrite where oid = ${of('pg_rewrite')}
    union select polrelid from pg_policy where oid = any(array(${dependentOn('pg_policy')}))
    union select ev_class from pg_rewrite where oid = any(array(${dependentOn('pg_rewrite')}))
  ), owning(id) as materialized (
    select coalesce((select x.indrelid from pg_index x where x.indexrelid = named.id), named.id) from named
    union select d.refobjid from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = ${those('named')}
      and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
  ), relation(id) as materialized (
    select id from owning union select pg_partition_root(id)::oid from owning
  ), type(id) as materialized (
    select unnest($2::oid[])
    union select contypid from pg_constraint where oid = ${of('pg_constraint')}
    union select reltype from pg_class where oid = ${those('relation')}
  ), routine(id) as materialized (
    select unnest($3::oid[]) union ${dependentOn('pg_proc')}
  ), found(catalog, id, itself, kind) as materialized (
  select 'pg_class', c.oid, true, ${relationKind}
    from pg_class c where c.oid = ${those('relation')}
  union all select 'pg_class', indexrelid, false, 'index' from pg_index where indrelid = ${those('relation')}
  union all select 'pg_constraint', oid, false, 'constraint' from pg_constraint where conrelid = ${those('relation')}
  union all select 'pg_constraint', oid, false, null from pg_constraint where contypid > 0 and contypid = ${those('type')}
  union all select 'pg_trigger', oid, false, 'trigger' from pg_trigger where tgrelid = ${those('relation')}
    and not tgisinternal
  union all select 'pg_policy', oid, false, 'policy' from pg_policy where polrelid = ${those('relation')}
  union all select 'pg_rewrite', oid, false, 'rule' from pg_rewrite where ev_class = ${those('relation')}
  union all select 'pg_attrdef', oid, false, null from pg_attrdef where adrelid = ${those('relation')}
  union all select 'pg_type', y.oid, true, ${typeKind} from pg_type y where y.oid = ${those('type')}
  union all select 'pg_type', typarray, false, null from pg_type where typarray > 0 and oid = ${those('type')}
  union all select 'pg_class', typrelid, false, null from pg_type where typrelid > 0 and oid = ${those('type')}
  union all select 'pg_proc', p.oid, true, ${routineKind} from pg_proc p where p.oid = ${those('routine')}
  union all select 'pg_namespace', n.oid, false, 'schema' from pg_namespace n
    where n.nspname !~ '^pg_' and cardinality($9::oid[]) > 0
  )
  select catalog, id, itself, kind from found
  union all select 'comments', 0, false, null where exists (
    select from pg_description where objoid = ${those('found')})
  union all select 'grants', 0, false, null where ${hasGrants.join(' or ')}`
