import { columnOptionArray, tableOptionList, viewOptionList } from './documented-options.sql.js'
import { compression, storageModes } from './expressions.sql.js'
import {
  type TableFilter,
  type KindQuery,
  notOfExtension,
  qualifiedNameExpression,
  userSchema,
} from './kind-query.js'

/** The tables of an extension: their rows are lost with it. */
const tablesOfExtension = `(select json_agg(${qualifiedNameExpression('tn.nspname', 't.relname')} order by tn.nspname, t.relname)
  from pg_depend d
    join pg_class t on t.oid = d.objid and t.relkind in ('r', 'p')
    join pg_namespace tn on tn.oid = t.relnamespace
  where d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid and d.deptype = 'e'
    and d.classid = 'pg_class'::regclass)`

export function namespaceQueries(): readonly KindQuery[] {
  return [
    {
      kind: 'schema',
      catalog: 'pg_namespace',
      names: 1,
      sql: `select n.oid, 0, n.nspname from pg_namespace n
        where ${userSchema} and ${notOfExtension('pg_namespace', 'n.oid')}`,
    },
    {
      kind: 'extension',
      catalog: 'pg_extension',
      names: 1,
      sql: `select e.oid, 0, e.extname, n.nspname as schema, e.extversion as "$version",
          case when not e.extrelocatable then true end as "$fixed", ${tablesOfExtension} as "$tables"
        from pg_extension e join pg_namespace n on n.oid = e.extnamespace`,
    },
  ]
}

/** Without the sequences of identity columns, which are facts of the column. */
export function sequenceQueries(tableFilter: TableFilter): readonly KindQuery[] {
  return [
    {
      kind: 'sequence',
      catalog: 'pg_class',
      names: 2,
      sql: `select c.oid, 0, n.nspname, c.relname, format_type(s.seqtypid, null) as type,
          s.seqstart::text as start, s.seqincrement::text as increment, s.seqmin::text as min,
          s.seqmax::text as max, s.seqcache::text as cache, s.seqcycle as cycle,
          nullif(c.relpersistence = 'u', false) as unlogged,
          ${qualifiedNameExpression('tn.nspname', 't.relname')} || '.' || quote_ident(a.attname) as "ownedBy"
        from pg_sequence s
          join pg_class c on c.oid = s.seqrelid
          join pg_namespace n on n.oid = c.relnamespace
          left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid
            and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
          left join pg_class t on t.oid = d.refobjid
          left join pg_namespace tn on tn.oid = t.relnamespace
          left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where ${userSchema} and d.deptype is distinct from 'i' and ${tableFilter('t')}
          and ${notOfExtension('pg_class', 'c.oid')}`,
    },
  ]
}

/** The storage and statistics settings of the columns of a materialized view that are not the defaults. */
const columnSettings = `(select json_agg(quote_ident(a.attname) || ': ' || o order by a.attnum, o collate "C")
  from pg_attribute a
    join pg_type y on y.oid = a.atttypid
    cross join lateral (select unnest(${columnOptionArray}) union all
      select 'statistics ' || a.attstattarget where a.attstattarget >= 0 union all
      select 'storage ' || case a.attstorage ${storageModes} end where a.attstorage <> y.typstorage union all
      select 'compression ' || ${compression} where a.attcompression <> '') s(o)
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)`

/** The storage of the types of these columns. 15 and earlier have no SET STORAGE DEFAULT. */
const columnTypeStorage = `(select json_agg(quote_ident(a.attname) || ': ' || case y.typstorage ${storageModes} end order by a.attnum)
  from pg_attribute a join pg_type y on y.oid = a.atttypid
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attstorage <> y.typstorage)`

export function viewQueries(): readonly KindQuery[] {
  return [
    viewQueryFor('view', 'v', [`${viewOptionList} as options`, `${columnDefaults} as defaults`]),
    viewQueryFor('materialized_view', 'm', [
      `${tableOptionList} as options`,
      `nullif(m.amname, 'heap') as "accessMethod"`,
      `${columnSettings} as "columnSettings"`,
      `${columnTypeStorage} as "$typeStorage"`,
      `nullif(c.relispopulated, true) as populated`,
    ]),
  ]
}

const columnDefaults = `(select json_agg(quote_ident(a.attname) || ' ' || pg_get_expr(d.adbin, d.adrelid) order by a.attnum)
  from pg_attribute a join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)`

function viewQueryFor(kind: string, relkind: string, furtherFacts: readonly string[]): KindQuery {
  return {
    kind,
    catalog: 'pg_class',
    names: 2,
    sql: `select c.oid, 0, n.nspname, c.relname, pg_get_viewdef(c.oid) as definition,
        (select json_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod) order by a.attnum)
          from pg_attribute a
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
        ${furtherFacts.join(', ')}
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
        left join pg_am m on m.oid = c.relam
      where c.relkind = '${relkind}' and ${userSchema} and ${notOfExtension('pg_class', 'c.oid')}`,
  }
}
