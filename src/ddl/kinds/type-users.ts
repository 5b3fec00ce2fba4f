import { parseKey } from '../../core/model/catalog.js'
import { dependentsOf } from '../dependencies.js'
import { type DdlObject, findObject, text } from '../object.js'

/** A column in which values of a type are stored. */
export interface TypeUser {
  /** In SQL: `public.songs`. */
  readonly table: string
  /** Whether the column is of an array, or of another type, that has the type as a part. */
  readonly contained: boolean
}

/** The columns that store values of a type, as such or within a value of another type. Linear in the catalog. */
export function usersOfType(type: DdlObject): readonly TypeUser[] {
  const users: TypeUser[] = []
  const types = new Map([[type.key, false]])
  const dependents = dependentsOf(type.catalog)
  for (const [key, isContained] of types)
    for (const user of objectsOf(type, dependents.get(key))) {
      const contained = isContained || text(user, 'type').endsWith(']')
      if (user.kind === 'column') users.push({ table: user.relation, contained })
      if (containers.has(user.kind) && !types.has(user.key))
        types.set(user.key, contained || user.kind !== 'domain')
    }
  return users
}

/** The tables whose columns store values of a type, each once. */
export function tablesOfType(type: DdlObject): readonly string[] {
  return [...new Set(usersOfType(type).map(({ table }) => table))]
}

/** Types whose values hold those of others. */
const containers = new Set(['domain', 'composite', 'range'])

function objectsOf({ catalog }: DdlObject, keys: ReadonlySet<string> = new Set()): readonly DdlObject[] {
  return [...keys].flatMap((key) => findObject(catalog, key) ?? [])
}

/** Whether a type as PostgreSQL prints it, perhaps an array, is that of a key. */
export function isTypeOf(printed: string, key: string): boolean {
  return (
    parseKey(`type:${printed.replace(/(?:\([\d,]+\))?(?:\[\])*$/, '')}`).names.join('.') ===
    parseKey(key).names.join('.')
  )
}
