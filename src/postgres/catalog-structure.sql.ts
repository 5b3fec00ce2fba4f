/**
 * What needs what, from pg_depend: catalog, oid and column of both sides. Extension members and what PostgreSQL made
 * itself for an object are said by the aliases.
 */
export const dependencyQuery = `select d.classid::regclass::text, d.objid, d.objsubid,
    d.refclassid::regclass::text, d.refobjid, d.refobjsubid
  from pg_depend d
  where d.deptype in ('n', 'a') and d.objid >= 16384 and d.refobjid >= 16384`

/**
 * Rows that stand for another object: catalog and oid of the row, catalog, oid and column of the object, e.g. the default
 * of a column for the column, an array type for its element, a member of an extension for the extension.
 */
export const aliasQuery = [
  `select 'pg_attrdef', oid, 'pg_class', adrelid, adnum from pg_attrdef`,
  `select 'pg_rewrite', oid, 'pg_class', ev_class, 0 from pg_rewrite where rulename = '_RETURN'`,
  `select 'pg_type', t.oid, 'pg_class', t.typrelid, 0 from pg_type t join pg_class c on c.oid = t.typrelid
    where c.relkind <> 'c'`,
  `select 'pg_class', c.oid, 'pg_type', c.reltype, 0 from pg_class c where c.relkind = 'c'`,
  `select 'pg_type', typarray, 'pg_type', oid, 0 from pg_type where typarray <> 0`,
  `select 'pg_type', rngmultitypid, 'pg_type', rngtypid, 0 from pg_range`,
  `select 'pg_class', conindid, 'pg_constraint', oid, 0 from pg_constraint where contype in ('p', 'u', 'x')`,
  `select 'pg_constraint', oid, 'pg_type', contypid, 0 from pg_constraint where contypid <> 0`,
  `select classid::regclass::text, objid, refclassid::regclass::text, refobjid, refobjsubid from pg_depend
    where deptype = 'e' or (deptype = 'i' and classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass
      and refobjsubid > 0)`,
  `select 'pg_publication_rel', oid, 'pg_publication', prpubid, 0 from pg_publication_rel`,
  `select distinct classid::regclass::text, objid, refclassid::regclass::text, refobjid, 0 from pg_depend
    where classid in ('pg_amop'::regclass, 'pg_amproc'::regclass)
      and refclassid in ('pg_opclass'::regclass, 'pg_opfamily'::regclass)`,
].join('\nunion all ')

/** What people wrote about objects: catalog, oid and column of the object, and the text. */
export const commentQuery = `select classoid::regclass::text, objoid, objsubid, description as comment from pg_description
  where (objoid >= 16384 and classoid <> 'pg_extension'::regclass)
    or (objoid = 'public'::regnamespace and classoid = 'pg_namespace'::regclass and description <> 'standard public schema')`
