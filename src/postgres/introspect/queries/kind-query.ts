/**
 * How one kind of object is read. The first two columns are where PostgreSQL keeps the object: its oid in `catalog`, and
 * the number of the column or 0. The next `names` columns are the parts of its key, every further column is a fact named
 * as the column; a fact that is null is left out. Adding a kind is one entry here.
 */
export interface KindQuery {
  readonly kind: string
  /** The system catalog whose rows these objects are. */
  readonly catalog: string
  readonly names: 1 | 2 | 3
  /** Objects of one name differ by their arguments: the column after the names has them in parentheses. */
  readonly overloaded?: true
  /** Part of what is read only with grants. */
  readonly onlyWithGrants?: true
  readonly sql: string
}

/** The condition for schemas that are not PostgreSQL's own; `n` is pg_namespace. */
export const userSchema = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

/** The condition for objects that no extension brought. */
export function notOfExtension(catalog: string, oid: string): string {
  return `not exists (select from pg_depend e
    where e.classid = '${catalog}'::regclass and e.objid = ${oid} and e.deptype = 'e')`
}

/** The name of an object with its schema, by the aliases of pg_namespace and of the row that names it. */
export function qualifiedNameExpression(schema: string, name: string): string {
  return `quote_ident(${schema}) || '.' || quote_ident(${name})`
}

/** The condition for tables that are not left out, by the alias of pg_class. */
export type TableFilter = (table: string) => string
