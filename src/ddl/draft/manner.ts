import { unquote } from '../identifiers.js'
import type { DdlObject } from '../object.js'

/** What Knex's builder makes of names in the project a draft is for. */
export interface Manner {
  /** The schema it finds tables in without being told. */
  readonly schema: string
  /** Whether a name comes out as it is: a project may have names changed by `wrapIdentifier`. */
  readonly keeps: (name: string) => boolean
}

/** A table as Knex's builder names it. */
export interface TableName {
  readonly schema: string
  readonly name: string
  /** In SQL: `public.songs`. */
  readonly relation: string
}

/** Names in which Knex finds nothing to split, trim or take for an alias. */
const simple = /^[\p{L}\p{N}_$-]+$/u

/** Whether Knex's builder writes all of these names as they are. */
export function areSimple(names: readonly string[], { keeps }: Manner): boolean {
  return names.every((name) => simple.test(name) && keeps(name))
}

/** The table an object is, or belongs to. */
export function tableNameOf({ names, relation }: DdlObject): TableName {
  const [schema = '', name = ''] = names
  return { schema, name, relation }
}

const inList = /"(?:[^"]|"")*"|[^",()\s]+/g

/** The names in a list of nothing but names, as `(a, "B")` has it; null where there is more than names. */
export function namesIn(list: string): readonly string[] | null {
  const found = list.match(inList) ?? []
  return found.length > 0 && found.join(', ') === list ? found.map(unquote) : null
}
