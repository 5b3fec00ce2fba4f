import { unquoteIdentifier } from '../identifiers.js'
import type { DdlObject } from '../object.js'

/** How Knex treats names in the project that a draft is for. */
export interface KnexNaming {
  /** The schema of tables without `withSchema`: the first of the search path. */
  readonly defaultSchema: string
  /** Whether Knex leaves a name unchanged: `wrapIdentifier` of a project may change names. */
  readonly preservesName: (name: string) => boolean
}

/** The name of a table for Knex's schema builder. */
export interface TableName {
  readonly schema: string
  readonly name: string
  /** In SQL: `public.songs`. */
  readonly relation: string
}

/** Names that Knex neither splits nor trims nor reads as an alias. */
const simpleName = /^[\p{L}\p{N}_$-]+$/u

/** Whether Knex's schema builder writes all of these names unchanged. */
export function areSimpleNames(names: readonly string[], { preservesName }: KnexNaming): boolean {
  return names.every((name) => simpleName.test(name) && preservesName(name))
}

/** The name of the table that an object is or belongs to. */
export function tableNameOf({ names, relation }: DdlObject): TableName {
  const [schema = '', name = ''] = names
  return { schema, name, relation }
}

const listedName = /"(?:[^"]|"")*"|[^",()\s]+/g

/** The names in a list such as `a, "B"`; null where the list contains anything other than names. */
export function parseNameList(list: string): readonly string[] | null {
  const found = list.match(listedName) ?? []
  return found.length > 0 && found.join(', ') === list ? found.map(unquoteIdentifier) : null
}
