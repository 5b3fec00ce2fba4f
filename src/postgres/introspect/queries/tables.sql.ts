import {
  columnOptionList,
  indexDefinition,
  indexOptionList,
  tableOptionList,
} from './documented-options.sql.js'
import { compression, firingMode, maskedOptions, sortedList, storageModes } from './expressions.sql.js'
import {
  type TableFilter,
  type KindQuery,
  notOfExtension,
  qualifiedNameExpression,
  userSchema,
} from './kind-query.js'

/** The condition for the tables to read; `c` is pg_class and `n` pg_namespace. */
export function userTableCondition(tableFilter: TableFilter): string {
  return `c.relkind in ('r', 'p', 'f') and ${userRelationCondition(tableFilter)}`
}

/** The condition for the relations of any kind to read, with the same aliases. */
export function userRelationCondition(tableFilter: TableFilter): string {
  return `${userSchema} and ${tableFilter('c')} and ${notOfExtension('pg_class', 'c.oid')}`
}

const parentTables = `(select json_agg(${qualifiedNameExpression('pn.nspname', 'p.relname')} order by h.inhseqno)
  from pg_inherits h
    join pg_class p on p.oid = h.inhparent
    join pg_namespace pn on pn.oid = p.relnamespace
  where h.inhrelid = c.oid)`

const replicaIdentity = `case c.relreplident when 'n' then 'nothing' when 'f' then 'full' when 'i' then
  coalesce((select 'using index ' || quote_ident(ic.relname) from pg_index xi join pg_class ic on ic.oid = xi.indexrelid
    where xi.indrelid = c.oid and xi.indisreplident), 'nothing') end`

export function tableQueries(tableFilter: TableFilter): readonly KindQuery[] {
  const condition = userRelationCondition(tableFilter)
  return [
    {
      kind: 'table',
      catalog: 'pg_class',
      names: 2,
      sql: `select c.oid, 0, n.nspname, c.relname, c.relrowsecurity as "rowSecurity",
          c.relforcerowsecurity as "forceRowSecurity", nullif(c.relpersistence = 'u', false) as unlogged,
          pg_get_partkeydef(c.oid) as "partitionedBy", pg_get_expr(c.relpartbound, c.oid) as partition,
          ${parentTables} as parents, nullif(c.reloftype, 0)::regtype::text as "ofType", ${tableOptionList} as options,
          ${replicaIdentity} as "replicaIdentity", nullif(m.amname, 'heap') as "accessMethod"
        from pg_class c
          join pg_namespace n on n.oid = c.relnamespace
          left join pg_am m on m.oid = c.relam
        where c.relkind in ('r', 'p') and ${condition}`,
    },
    {
      kind: 'foreign_table',
      catalog: 'pg_class',
      names: 2,
      sql: `select c.oid, 0, n.nspname, c.relname, s.srvname as server, ${maskedOptions('f.ftoptions')} as options,
          pg_get_expr(c.relpartbound, c.oid) as partition, ${parentTables} as parents
        from pg_class c
          join pg_namespace n on n.oid = c.relnamespace
          join pg_foreign_table f on f.ftrelid = c.oid
          join pg_foreign_server s on s.oid = f.ftserver
        where c.relkind = 'f' and ${condition}`,
    },
  ]
}

/** The options of an identity column that are not the defaults for its type. */
const identityOptions = `(select json_agg(o) from (values
    (case when s.seqstart <> case when s.seqincrement > 0 then s.seqmin else s.seqmax end
      then 'start ' || s.seqstart end),
    (case when s.seqincrement <> 1 then 'increment ' || s.seqincrement end),
    (case when s.seqmin <> case when s.seqincrement > 0 then 1
        else case s.seqtypid when 21 then -32768 when 23 then -2147483648 else -9223372036854775808 end end
      then 'minvalue ' || s.seqmin end),
    (case when s.seqmax <> case when s.seqincrement < 0 then -1
        else case s.seqtypid when 21 then 32767 when 23 then 2147483647 else 9223372036854775807 end end
      then 'maxvalue ' || s.seqmax end),
    (case when s.seqcache <> 1 then 'cache ' || s.seqcache end),
    (case when s.seqcycle then 'cycle' end)) as all_options(o) where o is not null)`

/** The name that PostgreSQL gives the sequence of an identity column; null where it would have to be shortened. */
const defaultSequenceName = `case when octet_length(c.relname) + octet_length(a.attname) < 59
  then concat(c.relname, '_', a.attname, '_seq') end`

/** Before 15 all sequences are logged, those of unlogged tables too. */
const hasUnloggedSequences = `current_setting('server_version_num')::int >= 150000`

export function columnQueries(tableFilter: TableFilter): readonly KindQuery[] {
  return [
    {
      // A default names no column, so pg_get_expr() gets 0 instead of the table: it would look up all columns each time.
      kind: 'column',
      catalog: 'pg_class',
      names: 3,
      sql: `select c.oid, a.attnum, n.nspname, c.relname, a.attname,
          format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
          case when a.attgenerated = '' then pg_get_expr(d.adbin, 0) end as default,
          case a.attidentity when 'a' then 'always' when 'd' then 'by default' end as identity,
          case when s.seqrelid is not null then ${identityOptions} end as "identityOptions",
          case when s.relname <> ${defaultSequenceName} then quote_ident(s.relname) end as "identitySequence",
          case when s.relpersistence <> c.relpersistence and ${hasUnloggedSequences} then s.relpersistence = 'u' end
            as "identityUnlogged",
          case a.attgenerated when 's' then 'stored: ' when 'v' then 'virtual: ' end
            || pg_get_expr(d.adbin, d.adrelid) as generated,
          case when not u.convalidated then false end as valid,
          nullif(u.connoinherit, false) as "notNullNoInherit",
          case when not u.convalidated then quote_ident(u.conname) end as "$notValidName",
          case when u.coninhcount > 0 and u.conislocal then true end as "$ownNotNull",
          case when u.coninhcount = 0 and u.conname !~ '_not_null[0-9]*$' then quote_ident(u.conname) end as "notNullName",
          case when a.attcollation <> y.typcollation
            then ${qualifiedNameExpression('ln.nspname', 'l.collname')} end as collation,
          case when a.attstorage <> y.typstorage then case a.attstorage ${storageModes} end end as storage,
          case when a.attstorage <> y.typstorage then case y.typstorage ${storageModes} end end as "$typeStorage",
          ${compression} as compression,
          nullif(a.attstattarget, -1) as statistics, ${columnOptionList} as options,
          ${sortedList('a.attfdwoptions')} as "fdwOptions",
          case when a.attinhcount > 0 and not a.attislocal then true end as "$inherited",
          a.attnum as "$position"
        from pg_attribute a
          join pg_class c on c.oid = a.attrelid
          join pg_namespace n on n.oid = c.relnamespace
          join pg_type y on y.oid = a.atttypid
          left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
          left join pg_collation l on l.oid = a.attcollation
          left join pg_namespace ln on ln.oid = l.collnamespace
          left join pg_constraint u on u.conrelid = a.attrelid and u.conkey[1] = a.attnum and u.contype = 'n'
          left join (select i.refobjid, i.refobjsubid, o.relname, o.relpersistence, q.* from pg_sequence q
            join pg_class o on o.oid = q.seqrelid
            join pg_depend i on i.classid = 'pg_class'::regclass and i.objid = q.seqrelid
              and i.refclassid = 'pg_class'::regclass and i.deptype = 'i') s
            on s.refobjid = a.attrelid and s.refobjsubid = a.attnum
        where a.attnum > 0 and not a.attisdropped and ${userTableCondition(tableFilter)}`,
    },
  ]
}

export function constraintAndIndexQueries(tableFilter: TableFilter): readonly KindQuery[] {
  return [constraintQuery(tableFilter), indexQuery(tableFilter)]
}

/** The functions of the triggers by which PostgreSQL checks the table of a constraint; those of others act for the referenced one. */
const checkFunctions = `('pg_catalog."RI_FKey_check_ins"'::regproc, 'pg_catalog."RI_FKey_check_upd"'::regproc,
  'pg_catalog.unique_key_recheck'::regproc)`

/**
 * The internal triggers of foreign keys and deferrable keys that somebody switched. A foreign key to a partitioned table has
 * further constraints on its own table for the partitions, whose triggers are counted as its own.
 */
const constraintTriggers = `(select constraint_id,
    string_agg(distinct state, ', ' order by state) filter (where checks) as check_triggers,
    string_agg(distinct state, ', ' order by state) filter (where not checks) as action_triggers
  from (select case when pp.conrelid = o.conrelid then pp.oid when p.conrelid = o.conrelid then p.oid else o.oid end,
      g.tgfoid in ${checkFunctions}, ${firingMode('g.tgenabled')}
    from pg_trigger g
      join pg_constraint o on o.oid = g.tgconstraint
      left join pg_constraint p on p.oid = o.conparentid
      left join pg_constraint pp on pp.oid = p.conparentid
    where g.tgisinternal and g.tgenabled <> 'O') switched(constraint_id, checks, state)
  group by constraint_id)`

function constraintQuery(tableFilter: TableFilter): KindQuery {
  return {
    // 18 has NOT NULL as constraints (contype 'n'), but on every version the column has it as a fact.
    // NOT VALID at the end of a definition is a fact of its own.
    // A foreign key to a partitioned table has a copy on its own table for each partition.
    // Only 18 has unenforced constraints: before it, the name conenforced means the column of `absent`.
    kind: 'constraint',
    catalog: 'pg_constraint',
    names: 3,
    sql: `select k.oid, 0, n.nspname, c.relname, k.conname,
        case k.contype when 'p' then 'primary key' when 'u' then 'unique' when 'f' then 'foreign key'
          when 'c' then 'check' when 'x' then 'exclude' end as type,
        case when k.convalidated then pg_get_constraintdef(k.oid)
          else regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') end as definition,
        k.convalidated or not k.conenforced as valid, nullif(k.conenforced, true) as enforced,
        case when k.coninhcount > 0 and not k.conislocal then true end as "$inherited",
        ${qualifiedNameExpression('kn.nspname', 'kc.relname')} || '.' || quote_ident(kp.conname) as parent,
        case when kp.oid is null then quote_ident(ip.relname) end as "$parentIndex",
        ${indexOptionList} as options, nullif(x.indisclustered, false) as clustered,
        ct.check_triggers as "checkTriggers", ct.action_triggers as "actionTriggers"
      from (select true as conenforced) absent
        cross join lateral (select k.oid, k.conrelid, k.conname, k.contype, k.convalidated, k.coninhcount,
          k.conislocal, k.conparentid, k.conindid, conenforced from pg_constraint k) k
        join pg_class c on c.oid = k.conrelid
        join pg_namespace n on n.oid = c.relnamespace
        left join pg_constraint kp on kp.oid = k.conparentid
        left join pg_class kc on kc.oid = kp.conrelid
        left join pg_namespace kn on kn.oid = kc.relnamespace
        left join pg_class i on i.oid = k.conindid and k.contype in ('p', 'u', 'x')
        left join pg_index x on x.indexrelid = i.oid
        left join pg_inherits ih on ih.inhrelid = i.oid
        left join pg_class ip on ip.oid = ih.inhparent
        left join ${constraintTriggers} ct on ct.constraint_id = k.oid
      where k.contype in ('p', 'u', 'f', 'c', 'x') and kp.conrelid is distinct from k.conrelid
        and ${userTableCondition(tableFilter)}`,
  }
}

function indexQuery(tableFilter: TableFilter): KindQuery {
  return {
    // Without the index behind a primary key, unique or exclusion constraint, which the constraint describes.
    kind: 'index',
    catalog: 'pg_class',
    names: 3,
    sql: `select i.oid, 0, n.nspname, c.relname, i.relname, ${indexDefinition('s.with_options')} as definition,
        x.indisunique as unique, x.indisvalid as valid, ${qualifiedNameExpression('pn.nspname', 'p.relname')} as parent,
        nullif(x.indisclustered, false) as clustered,
        s.statistics
      from pg_index x
        join pg_class i on i.oid = x.indexrelid
        join pg_class c on c.oid = x.indrelid
        join pg_namespace n on n.oid = c.relnamespace
        left join pg_inherits h on h.inhrelid = i.oid
        left join pg_class p on p.oid = h.inhparent
        left join pg_namespace pn on pn.oid = p.relnamespace
        cross join lateral (select bool_or(a.attoptions is not null) as with_options,
            json_agg(a.attnum || ': ' || a.attstattarget order by a.attnum) filter (where a.attstattarget >= 0) as statistics
          from pg_attribute a where a.attrelid = i.oid) s
      where c.relkind in ('r', 'p', 'm') and ${userSchema} and ${tableFilter('c')}
        and not exists (select from pg_constraint k
          where k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x') and k.conrelid = x.indrelid)
        and ${notOfExtension('pg_class', 'c.oid')}`,
  }
}
