import type { Catalog, Facts } from '../../core/model/catalog.js'
import type { Rows } from '../connection/query.js'
import { addressOfRow, type Addresses, withNeeds } from './dependencies.js'
import { factsOf } from './facts.js'
import { aliasQuery, commentQuery, dependencyQuery } from './queries/dependencies.sql.js'
import { grantQuery } from './queries/grants.sql.js'

/** Queries whose results say something about objects of any kind, and what adds it to the catalog. */
export interface Extra {
  readonly queries: readonly string[]
  readonly add: (catalog: Catalog, addresses: Addresses, results: readonly Rows[]) => Catalog
}

/** What is read only on request. */
export interface Wanted {
  /** The facts `comment`. */
  readonly comments?: boolean
  /** The facts `owner` and `grants` and the kind `default_privileges`. */
  readonly grants?: boolean
  /** The facts `$needs` and `$defaultNeeds`. */
  readonly structure?: boolean
}

export function extrasFor({ comments = false, grants = false, structure = false }: Wanted): readonly Extra[] {
  return [
    ...(comments ? [annotation(commentQuery)] : []),
    ...(grants ? [annotation(grantQuery)] : []),
    ...(structure ? [needs] : []),
  ]
}

/** Rows of catalog, oid, column, and facts named as their columns. */
function annotation(query: string): Extra {
  return {
    queries: [query],
    add: (catalog, addresses, [result]) => {
      const added: Record<string, Facts> = {}
      if (result === undefined) throw new Error('the server sent no comments or grants')
      const names = result.columns.slice(3)
      for (const row of result.rows) {
        const key = addresses.get(addressOfRow(String(row[0]), row.slice(1)))
        if (key !== undefined)
          added[key] = { ...(added[key] ?? catalog[key]), ...factsOf(names, row.slice(3)) }
      }
      return { ...catalog, ...added }
    },
  }
}

const needs: Extra = {
  queries: [aliasQuery, dependencyQuery],
  add: (catalog, addresses, [aliases, dependencies]) => {
    if (aliases === undefined || dependencies === undefined)
      throw new Error('the server sent no dependencies')
    return withNeeds(catalog, addresses, { aliases, dependencies })
  },
}
