import type { Catalog, Facts } from '../../core/model/catalog.js'
import { replaceInSteps } from '../../core/model/snapshot.js'
import { forEachInSteps, type Steps } from '../../core/text/steps.js'
import type { QueryResult } from '../connection/query.js'
import { objectAddress, type ObjectIndex, addDependencies } from './dependencies.js'
import { factsFromRow } from './facts.js'
import type { AnnotationQuery } from './queries/annotation-query.js'
import { aliasQuery, commentQuery, dependencyQuery } from './queries/dependencies.sql.js'
import { grantQuery } from './queries/grants.sql.js'

/** Queries about objects of all kinds, and a function that adds their results to the catalog. */
export interface CatalogAnnotation {
  readonly queries: readonly AnnotationQuery[]
  readonly add: (catalog: Catalog, index: ObjectIndex, results: readonly QueryResult[]) => Steps<Catalog>
}

/** What to read in addition to the definitions. */
export interface AnnotationOptions {
  /** The facts `comment`. */
  readonly comments?: boolean
  /** The facts `owner` and `grants` and the kind `default_privileges`. */
  readonly grants?: boolean
  /** The facts `$needs` and `$defaultNeeds`. */
  readonly structure?: boolean
}

export function selectAnnotations({
  comments = false,
  grants = false,
  structure = false,
}: AnnotationOptions): readonly CatalogAnnotation[] {
  return [
    ...(comments ? [annotationFromQuery(commentQuery)] : []),
    ...(grants ? [annotationFromQuery(grantQuery)] : []),
    ...(structure ? [dependencyAnnotation] : []),
  ]
}

/** The rows of the query have the catalog, oid and column of an object, then facts named like their columns. */
function annotationFromQuery(query: AnnotationQuery): CatalogAnnotation {
  return {
    queries: [query],
    add: function* (catalog, { addresses }, [result]) {
      if (result === undefined) throw new Error('The server sent no comments or grants.')
      const added: Record<string, Facts> = {}
      yield* forEachInSteps(result.rows, (row) => {
        const key = addresses.get(objectAddress(String(row[0]), row.slice(1)))
        if (key !== undefined && catalog[key] !== undefined)
          added[key] = { ...(added[key] ?? catalog[key]), ...factsFromRow(result.columns, row, 3) }
      })
      return yield* replaceInSteps(catalog, added)
    },
  }
}

const dependencyAnnotation: CatalogAnnotation = {
  queries: [aliasQuery, dependencyQuery],
  add: (catalog, index, [aliases, dependencies]) => {
    if (aliases === undefined || dependencies === undefined)
      throw new Error('The server sent no dependencies.')
    return addDependencies(catalog, index, aliases, dependencies)
  },
}
