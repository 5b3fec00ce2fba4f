/** A query about objects of all kinds, and the same for the objects and rows with the oids `$1` alone. */
export interface AnnotationQuery {
  readonly sql: string
  readonly restricted: string
}

/** A query with catalog, oid and column of the object first, for the objects with the oids `$1`. */
export function restrictedTo(sql: string): string {
  return `select * from (${sql}) annotated(catalog, id) where id = any($1)`
}
