import type { AnnotationQuery } from './annotation-query.js'

const dependencies = `select d.classid::regclass::text, d.objid, d.objsubid,
    d.refclassid::regclass::text, d.refobjid, d.refobjsubid
  from pg_depend d
  where d.deptype in ('n', 'a') and d.objid::bigint >= 16384 and d.refobjid::bigint >= 16384`

/** The catalogs with rows that need others, for the index of pg_depend. */
const dependentCatalogs = ['class', 'constraint', 'attrdef', 'rewrite', 'trigger', 'policy', 'proc', 'type']
  .map((name) => `'pg_${name}'::regclass`)
  .join(', ')

/**
 * The dependencies in pg_depend: catalog, oid and column of both sides. Without members of extensions and internal objects,
 * which `aliasQuery` has.
 */
export const dependencyQuery: AnnotationQuery = {
  sql: dependencies,
  restricted: `${dependencies} and d.classid = any(array[${dependentCatalogs}]) and d.objid = any($1)`,
}

/** Rows that belong to an object, and the column by which the rows of some objects are found. */
interface AliasRows {
  readonly sql: string
  /** Undefined: they change only with an extension, a publication or an operator class. */
  readonly by?: string
}

const aliasRows: readonly AliasRows[] = [
  { sql: `select 'pg_attrdef', oid, 'pg_class', adrelid, adnum from pg_attrdef where true`, by: 'adrelid' },
  {
    sql: `select 'pg_rewrite', oid, 'pg_class', ev_class, 0 from pg_rewrite where rulename = '_RETURN'`,
    by: 'ev_class',
  },
  {
    sql: `select 'pg_type', t.oid, 'pg_class', c.oid, 0 from pg_class c join pg_type t on t.oid = c.reltype
      where c.relkind <> 'c'`,
    by: 'c.oid',
  },
  {
    sql: `select 'pg_class', c.oid, 'pg_type', t.oid, 0 from pg_type t join pg_class c on c.oid = t.typrelid
      where c.relkind = 'c'`,
    by: 't.oid',
  },
  { sql: `select 'pg_type', typarray, 'pg_type', oid, 0 from pg_type where typarray <> 0`, by: 'oid' },
  {
    sql: `select 'pg_type', rngmultitypid, 'pg_type', rngtypid, 0 from pg_range where true`,
    by: 'rngtypid',
  },
  {
    sql: `select 'pg_class', conindid, 'pg_constraint', oid, 0 from pg_constraint where contype in ('p', 'u', 'x')`,
    by: 'conrelid',
  },
  {
    sql: `select 'pg_constraint', oid, 'pg_type', contypid, 0 from pg_constraint where contypid <> 0`,
    by: 'contypid',
  },
  {
    sql: `select 'pg_class', objid, 'pg_class', refobjid, refobjsubid from pg_depend
      where deptype = 'i' and classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and refobjsubid > 0`,
    by: 'refobjid',
  },
  {
    sql: `select classid::regclass::text, objid, 'pg_type', refobjid, 0 from pg_depend
      where deptype = 'i' and refclassid = 'pg_type'::regclass and classid in ('pg_proc'::regclass, 'pg_cast'::regclass)`,
    by: 'refobjid',
  },
  {
    sql: `select classid::regclass::text, objid, refclassid::regclass::text, refobjid, refobjsubid from pg_depend
      where deptype = 'e'`,
  },
  { sql: `select 'pg_publication_rel', oid, 'pg_publication', prpubid, 0 from pg_publication_rel` },
  {
    // PostgreSQL 14 has no pg_publication_namespace.
    sql: `select classid::regclass::text, objid, 'pg_publication', refobjid, 0 from pg_depend
      where refclassid = 'pg_publication'::regclass and classid = to_regclass('pg_catalog.pg_publication_namespace')`,
  },
  {
    sql: `select 'pg_opfamily', f.oid, 'pg_opclass', o.oid, 0 from pg_opfamily f
      join pg_opclass o on o.opcfamily = f.oid and o.opcname = f.opfname and o.opcnamespace = f.opfnamespace`,
  },
  {
    sql: `select distinct classid::regclass::text, objid, refclassid::regclass::text, refobjid, 0 from pg_depend
      where classid in ('pg_amop'::regclass, 'pg_amproc'::regclass)
        and refclassid in ('pg_opclass'::regclass, 'pg_opfamily'::regclass)`,
  },
]

/**
 * Catalog rows that belong to an object: catalog and oid of the row, then catalog, oid and column of the object. A default
 * belongs to its column, an array type to its element type, a member of an extension to the extension.
 */
export const aliasQuery: AnnotationQuery = {
  sql: aliasRows.map(({ sql }) => sql).join('\nunion all '),
  restricted: aliasRows
    .flatMap(({ sql, by }) => (by === undefined ? [] : [`${sql} and ${by} = any($1)`]))
    .join('\nunion all '),
}

const columnComment = `quote_ident(a.attname) || ': ' || d.description`

/** @param of the condition for a column with the oid of an object */
const commentsOf = (
  of: (column: string) => string,
): string => `select classoid::regclass::text, objoid, objsubid, description as comment,
    null::json as "columnComments", null::json as "constraintComments", null as "indexComment"
  from pg_description
  where ((objoid >= 16384 and classoid <> 'pg_extension'::regclass) or (objoid = to_regnamespace('public')
    and classoid = 'pg_namespace'::regclass and description <> 'standard public schema')) and ${of('objoid')}
  union all
  select case c.relkind when 'c' then 'pg_type' else 'pg_class' end, case c.relkind when 'c' then c.reltype else c.oid end,
    0, null, json_agg(${columnComment} order by a.attnum), null, null
  from pg_description d
    join pg_class c on c.oid = d.objoid
    join pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid
  where d.classoid = 'pg_class'::regclass and d.objsubid > 0 and c.relkind in ('v', 'm', 'c') and ${of('d.objoid')}
  group by c.oid, c.relkind, c.reltype
  union all
  select 'pg_type', k.contypid, 0, null, null,
    json_agg(quote_ident(k.conname) || ': ' || d.description order by k.conname), null
  from pg_description d join pg_constraint k on k.oid = d.objoid
  where d.classoid = 'pg_constraint'::regclass and k.contypid <> 0 and k.contype = 'c' and ${of('k.contypid')}
  group by k.contypid
  union all
  select 'pg_constraint', k.oid, 0, null, null, null, d.description
  from pg_description d join pg_constraint k on k.conindid = d.objoid and k.contype in ('p', 'u', 'x')
  where d.classoid = 'pg_class'::regclass and d.objsubid = 0 and ${of('k.oid')}`

/**
 * The comments: catalog, oid and column of the object, and the text. Columns of views and constraints of domains are no
 * objects here, so their comments are facts of the view or the domain.
 */
export const commentQuery: AnnotationQuery = {
  sql: commentsOf(() => 'true'),
  restricted: commentsOf((column) => `${column} = any($1)`),
}
