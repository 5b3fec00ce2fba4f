import { type DdlObject, textFact } from '../object.js'

/** How a generated column stores its values, and its expression. */
export interface Generation {
  readonly storage: 'stored' | 'virtual'
  readonly expression: string
}

/** How the values of a column are generated; null for other columns. */
export function generationOf(column: DdlObject): Generation | null {
  const [, storage, expression = ''] = /^(stored|virtual): (.*)$/s.exec(textFact(column, 'generated')) ?? []
  return storage === 'stored' || storage === 'virtual' ? { storage, expression } : null
}
