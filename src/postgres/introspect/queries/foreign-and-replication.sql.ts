import { functionNameOf, maskedOptions, sortedList } from './expressions.sql.js'
import {
  type TableFilter,
  type KindQuery,
  notOfExtension,
  qualifiedNameExpression,
  userSchema,
} from './kind-query.js'

export function foreignAndReplicationQueries(): readonly KindQuery[] {
  return [foreignDataWrapper, server, userMapping, publication, subscription]
}

const foreignDataWrapper: KindQuery = {
  kind: 'foreign_data_wrapper',
  catalog: 'pg_foreign_data_wrapper',
  names: 1,
  sql: `select w.oid, 0, w.fdwname, ${functionNameOf('w.fdwhandler')} as handler,
      ${functionNameOf('w.fdwvalidator')} as validator, ${maskedOptions('w.fdwoptions')} as options
    from pg_foreign_data_wrapper w
    where w.oid >= 16384 and ${notOfExtension('pg_foreign_data_wrapper', 'w.oid')}`,
}

const server: KindQuery = {
  kind: 'server',
  catalog: 'pg_foreign_server',
  names: 1,
  sql: `select s.oid, 0, s.srvname, quote_ident(w.fdwname) as wrapper, s.srvtype as type, s.srvversion as version,
      ${maskedOptions('s.srvoptions')} as options
    from pg_foreign_server s join pg_foreign_data_wrapper w on w.oid = s.srvfdw
    where ${notOfExtension('pg_foreign_server', 's.oid')}`,
}

/** The condition under which pg_user_mappings shows options: to the mapped user, and to the owner of the server for PUBLIC. */
const canReadMapping = `(m.umuser <> 0 and m.usename = current_user
    and (pg_has_role(s.srvowner, 'usage') or has_server_privilege(s.oid, 'usage')))
  or (m.umuser = 0 and pg_has_role(s.srvowner, 'usage'))
  or (select rolsuper from pg_roles where rolname = current_user)`

const userMapping: KindQuery = {
  kind: 'user_mapping',
  catalog: 'pg_user_mapping',
  names: 2,
  sql: `select m.umid, 0, m.srvname, m.usename,
      case when ${canReadMapping} then ${maskedOptions('m.umoptions')} else to_json('(not readable)'::text) end as options
    from pg_user_mappings m join pg_foreign_server s on s.oid = m.srvid`,
}

const allChanges = `p.pubinsert and p.pubupdate and p.pubdelete and p.pubtruncate`

/**
 * PostgreSQL 14 has no column lists, row filters and schemas. An unqualified name means a column of the inner query where
 * that has one, else the default in `absent`. A missing catalog is looked up by name.
 */
const publishedTables = `(select r.prpubid, json_agg(r.text order by r.text collate "C") as listed from (
    select r.prpubid, concat(${qualifiedNameExpression('n.nspname', 'c.relname')},
      ' (' || (select string_agg(quote_ident(a.attname), ', ' order by a.attname) from pg_attribute a
        where a.attrelid = r.prrelid and a.attnum = any(r.prattrs::int2[])) || ')',
      ' WHERE (' || pg_get_expr(r.prqual, r.prrelid) || ')')
    from (select null::int2vector as prattrs, null::pg_node_tree as prqual) absent
      cross join lateral (select r.prpubid, r.prrelid, prattrs, prqual from pg_publication_rel r) r
      join pg_class c on c.oid = r.prrelid
      join pg_namespace n on n.oid = c.relnamespace) r(prpubid, text)
  group by r.prpubid)`

const publishedSchemas = `(select json_agg(quote_ident(n.nspname) order by n.nspname) from pg_depend d
    join pg_depend i on i.classid = d.classid and i.objid = d.objid and i.refclassid = 'pg_namespace'::regclass
    join pg_namespace n on n.oid = i.refobjid
  where d.refclassid = 'pg_publication'::regclass and d.refobjid = p.oid
    and d.classid = to_regclass('pg_catalog.pg_publication_namespace'))`

const publication: KindQuery = {
  kind: 'publication',
  catalog: 'pg_publication',
  names: 1,
  sql: `select p.oid, 0, p.pubname, nullif(p.puballtables, false) as "allTables", t.listed as tables,
      ${publishedSchemas} as schemas,
      case when not (${allChanges}) then array_to_json(array_remove(array[
        case when p.pubinsert then 'insert' end, case when p.pubupdate then 'update' end,
        case when p.pubdelete then 'delete' end, case when p.pubtruncate then 'truncate' end], null)) end as publish,
      nullif(p.pubviaroot, false) as "viaRoot",
      case to_jsonb(p) ->> 'pubgencols' when 's' then 'stored' end as "generatedColumns"
    from pg_publication p left join ${publishedTables} t on t.prpubid = p.oid
    where ${notOfExtension('pg_publication', 'p.oid')}`,
}

/** The default is parallel streaming since 18. */
const defaultStreaming = `case when current_setting('server_version_num')::int >= 180000 then 'parallel' else 'off' end`

/** Only columns that PUBLIC may read. A whole-row reference would include the connection string, which it may not. */
const subscription: KindQuery = {
  kind: 'subscription',
  catalog: 'pg_subscription',
  names: 1,
  sql: `select s.oid, 0, s.subname, ${sortedList('s.subpublications')} as publications,
      nullif(s.subenabled, true) as enabled,
      case when s.subslotname is distinct from s.subname then coalesce(s.subslotname, 'none') end as slot,
      nullif(s.subbinary, false) as binary, nullif(s.streaming, ${defaultStreaming}) as streaming,
      nullif(s.subsynccommit, 'off') as "synchronousCommit", nullif(s.subtwophasestate <> 'd', false) as "twoPhase",
      nullif(s.subdisableonerr, false) as "disableOnError",
      nullif(s.subpasswordrequired, true) as "passwordRequired", nullif(s.subrunasowner, false) as "runAsOwner",
      nullif(s.suborigin, 'any') as origin, nullif(s.subfailover, false) as failover
    from (select 'd'::"char" as subtwophasestate, false as subdisableonerr, true as subpasswordrequired,
        false as subrunasowner, 'any' as suborigin, false as subfailover) absent
      cross join lateral (select s.oid, s.subname, s.subdbid, s.subpublications, s.subenabled, s.subslotname,
        s.subbinary, s.subsynccommit, subtwophasestate, subdisableonerr, subpasswordrequired, subrunasowner, suborigin,
        subfailover, case s.substream::text when 't' then 'on' when 'true' then 'on' when 'p' then 'parallel'
          else 'off' end as streaming
        from pg_subscription s) s
    where s.subdbid = (select d.oid from pg_database d where d.datname = current_database())`,
}

/** The kinds whose catalogs an ordinary role may read only in part. */
export const restrictedCatalogQueries: readonly KindQuery[] = [userMapping, subscription]

/** PostgreSQL prints the columns in the order of their table, which is not the same where one was dropped and added again. */
const statisticsDefinition = `(select coalesce(replace(d.text, ' ON ' || k.printed, ' ON ' || k.sorted), d.text)
  from (select pg_get_statisticsobjdef(s.oid) as text) d
    cross join (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) as printed,
        string_agg(quote_ident(a.attname), ', ' order by a.attname) as sorted
      from pg_attribute a where a.attrelid = s.stxrelid and a.attnum = any (s.stxkeys)) k)`

export function statisticsQueries(tableFilter: TableFilter): readonly KindQuery[] {
  return [
    {
      kind: 'statistics',
      catalog: 'pg_statistic_ext',
      names: 2,
      sql: `select s.oid, 0, n.nspname, s.stxname, ${statisticsDefinition} as definition,
          nullif(s.stxstattarget, -1) as target
        from pg_statistic_ext s
          join pg_namespace n on n.oid = s.stxnamespace
          join pg_class c on c.oid = s.stxrelid
        where ${userSchema} and ${tableFilter('c')} and ${notOfExtension('pg_statistic_ext', 's.oid')}
          and ${notOfExtension('pg_class', 'c.oid')}`,
    },
  ]
}
