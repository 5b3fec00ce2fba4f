import { parseKey } from '../../core/model/catalog.js'
import { dependentsOf } from '../dependencies.js'
import { type DdlObject, findObject, textFact } from '../object.js'

/** A column in which values of a type are stored. */
export interface TypeColumn {
  /** In SQL: `public.songs`. */
  readonly table: string
  /** Whether the column is of an array, or of another type, that has the type as a part. */
  readonly contained: boolean
}

/** The columns that store values of a type, as such or within a value of another type. Linear in the catalog. */
export function columnsOfType(type: DdlObject): readonly TypeColumn[] {
  const users: TypeColumn[] = []
  const types = new Map([[type.key, false]])
  const dependents = dependentsOf(type.catalog)
  for (const [key, isContained] of types)
    for (const user of findObjects(type, dependents.get(key))) {
      const contained = isContained || textFact(user, 'type').endsWith(']')
      if (user.kind === 'column') users.push({ table: user.relation, contained })
      if (containerKinds.has(user.kind) && !types.has(user.key))
        types.set(user.key, contained || user.kind !== 'domain')
    }
  return users
}

/** The tables whose columns store values of a type, each once. */
export function tablesStoringType(type: DdlObject): readonly string[] {
  return [...new Set(columnsOfType(type).map(({ table }) => table))]
}

/** Types whose values hold those of others. */
const containerKinds = new Set(['domain', 'composite', 'range'])

function findObjects({ catalog }: DdlObject, keys: ReadonlySet<string> = new Set()): readonly DdlObject[] {
  return [...keys].flatMap((key) => findObject(catalog, key) ?? [])
}

/** Whether a type as PostgreSQL prints it, perhaps an array, is that of a key. */
export function matchesTypeKey(printed: string, key: string): boolean {
  return (
    parseKey(`type:${printed.replace(/(?:\([\d,]+\))?(?:\[\])*$/, '')}`).names.join('.') ===
    parseKey(key).names.join('.')
  )
}
