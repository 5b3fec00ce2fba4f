import { type DdlObject, findObject, findRelation, partsByRelation, textFact } from '../object.js'
import { parentKeysOf } from '../tree.js'

/** An index, key or foreign key of a partition that PostgreSQL could take for another one, with what it is attached to. */
export interface Rival {
  readonly key: string
  readonly parents: readonly string[]
}

/**
 * The attached ones that are like an index, key or foreign key that is not attached: PostgreSQL takes any that fits when
 * it attaches a partition.
 */
export function rivalsOf(object: DdlObject): readonly Rival[] {
  if (findRelation(object)?.facts['parents'] === undefined) return []
  const shape = shapeOf(object)
  if (shape === '' || parentKeysOf(object).length > 0) return []
  return (partsByRelation(object.catalog).get(object.relationKey ?? '') ?? []).flatMap(
    (key): readonly Rival[] => {
      const other = key === object.key ? undefined : findObject(object.catalog, key)
      if (other === undefined || shapeOf(other) !== shape) return []
      const parents = parentKeysOf(other)
      return parents.length === 0 ? [] : [{ key, parents }]
    },
  )
}

/** What PostgreSQL compares: the columns of an index or key, the definition of a foreign key; empty for others. */
function shapeOf(object: DdlObject): string {
  const definition = textFact(object, 'definition')
  if (object.kind === 'index') return definition.replace(/^.*? USING /s, '').replace(/ WITH \([^)]*\)/, '')
  if (object.kind !== 'constraint') return ''
  const [, columns] = /^(?:PRIMARY KEY|UNIQUE) (\(.*)$/s.exec(definition) ?? []
  if (columns !== undefined) return `btree ${columns}`
  return definition.startsWith('FOREIGN KEY') ? definition : ''
}
