/**
 * How to read one kind of object. The first two columns of the query address the object: its oid in `catalog`, and the
 * number of a table's column or 0. The next `names` columns are the parts of its key. Each further column is a fact of this
 * name; a null is left out.
 */
export interface KindQuery {
  readonly kind: string
  /** The system catalog of these objects. */
  readonly catalog: string
  readonly names: 1 | 2 | 3
  /** Objects of the same name differ by their arguments, which the column after the names has in parentheses. */
  readonly overloaded?: true
  /** Read only together with these. */
  readonly onlyWith?: 'comments' | 'grants'
  readonly sql: string
}

/** The condition for schemas that do not belong to PostgreSQL; `n` is pg_namespace. */
export const userSchema = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

/** The condition for objects that are not members of an extension. */
export function notOfExtension(catalog: string, oid: string): string {
  return `not exists (select from pg_depend e
    where e.classid = '${catalog}'::regclass and e.objid = ${oid} and e.deptype = 'e')`
}

/** A quoted name with its schema. Takes the columns that have schema and name. */
export function qualifiedNameExpression(schema: string, name: string): string {
  return `quote_ident(${schema}) || '.' || quote_ident(${name})`
}

/** The condition for tables to read, by an alias of pg_class. */
export type TableFilter = (table: string) => string
