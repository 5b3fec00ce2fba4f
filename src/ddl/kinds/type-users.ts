import { parseKey } from '../../core/model/catalog.js'
import { dependentsOf } from '../dependencies.js'
import { type DdlObject, findObject, listFact, textFact } from '../object.js'

/** A column that stores values of a type. */
export interface TypeColumn {
  /** In SQL: `public.songs`. */
  readonly table: string
  /** In SQL, with its table. */
  readonly column: string
  /** Whether the column has an array or a composite type that contains the type. */
  readonly contained: boolean
  /** Whether the type of the column is the type, or an array of it, and not one that is made of it. */
  readonly direct: boolean
}

/** The columns that store values of a type, directly or inside values of a different type. Linear in the catalog. */
export function columnsOfType(type: DdlObject): readonly TypeColumn[] {
  const users: TypeColumn[] = []
  const types = new Map([[type.key, false]])
  const dependents = dependentsOf(type.catalog)
  for (const [key, isContained] of types)
    for (const user of findObjects(type, dependents.get(key))) {
      const contained = isContained || textFact(user, 'type').endsWith(']')
      if (user.kind === 'column' && listFact(user, '$needs').includes(key))
        users.push({
          table: user.relation,
          column: `${user.relation}.${user.name}`,
          contained,
          direct: key === type.key,
        })
      if (containerKinds.has(user.kind) && !types.has(user.key))
        types.set(user.key, contained || user.kind !== 'domain')
    }
  return users
}

/** Those of a type whose columns store values of it before and after, so that it cannot be dropped between. */
export function columnsKeepingType(from: DdlObject, to: DdlObject): readonly TypeColumn[] {
  const kept = new Set(columnsOfType(to).map(({ column }) => column))
  return columnsOfType(from).filter(({ column }) => kept.has(column))
}

/** The tables whose columns store values of a type, in SQL, each once. */
export function tablesStoringType(type: DdlObject): readonly string[] {
  return [...new Set(columnsOfType(type).map(({ table }) => table))]
}

/** Kinds of types whose values contain values of other types. */
const containerKinds = new Set(['domain', 'composite', 'range'])

function findObjects({ catalog }: DdlObject, keys: ReadonlySet<string> = new Set()): readonly DdlObject[] {
  return [...keys].flatMap((key) => findObject(catalog, key) ?? [])
}

/** Whether a type as PostgreSQL prints it, without array brackets and modifiers, has a key. */
export function matchesTypeKey(printed: string, key: string): boolean {
  return (
    parseKey(`type:${printed.replace(/(?:\([\d,]+\))?(?:\[\])*$/, '')}`).names.join('.') ===
    parseKey(key).names.join('.')
  )
}
