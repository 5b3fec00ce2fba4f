import { unquoteIdentifier } from '../identifiers.js'
import type { DdlObject } from '../object.js'

/** What Knex's builder makes of names in the project a draft is for. */
export interface KnexNaming {
  /** The schema it finds tables in without being told. */
  readonly defaultSchema: string
  /** Whether a name comes out as it is: a project may have names changed by `wrapIdentifier`. */
  readonly preservesName: (name: string) => boolean
}

/** A table as Knex's builder names it. */
export interface TableName {
  readonly schema: string
  readonly name: string
  /** In SQL: `public.songs`. */
  readonly relation: string
}

/** Names in which Knex finds nothing to split, trim or take for an alias. */
const simpleName = /^[\p{L}\p{N}_$-]+$/u

/** Whether Knex's builder writes all of these names as they are. */
export function areSimpleNames(names: readonly string[], { preservesName }: KnexNaming): boolean {
  return names.every((name) => simpleName.test(name) && preservesName(name))
}

/** The table an object is, or belongs to. */
export function tableNameOf({ names, relation }: DdlObject): TableName {
  const [schema = '', name = ''] = names
  return { schema, name, relation }
}

const listedName = /"(?:[^"]|"")*"|[^",()\s]+/g

/** The names in a list of nothing but names, as `(a, "B")` has it; null where there is more than names. */
export function parseNameList(list: string): readonly string[] | null {
  const found = list.match(listedName) ?? []
  return found.length > 0 && found.join(', ') === list ? found.map(unquoteIdentifier) : null
}
