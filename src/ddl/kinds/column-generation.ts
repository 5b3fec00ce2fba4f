import { dependentsOf } from '../dependencies.js'
import { type DdlObject, type DdlStep, type ObjectChange, partsByRelation } from '../object.js'
import { type Generation, generationOf } from './generation.js'

/** The first major version that can change the expression of a column. */
const firstWithSetExpression = { stored: 17, virtual: 18 } as const

/**
 * Whether a change of how a column is generated needs the column to be dropped and added: PostgreSQL cannot make an existing
 * column generated, nor a virtual column a plain or stored one, and before 17 it cannot change an expression.
 */
export function mustRecreateColumn({ from, to, facts }: ObjectChange): boolean {
  if (!facts.has('generated')) return false
  const [before, after] = [generationOf(from), generationOf(to)]
  if (after === null) return before?.storage !== 'stored'
  if (before?.storage !== after.storage || facts.has('type') || facts.has('collation')) return true
  return (to.serverMajor ?? 0) < firstWithSetExpression[after.storage] || isExpressionFixed(from, after)
}

/** PostgreSQL keeps the expression of a virtual column whose table has a check, or is in a publication. */
function isExpressionFixed({ catalog, relationKey = '' }: DdlObject, { storage }: Generation): boolean {
  if (storage === 'stored') return false
  const parts = partsByRelation(catalog).get(relationKey) ?? []
  const users = dependentsOf(catalog).get(relationKey) ?? []
  return (
    parts.some((key) => catalog[key]?.['type'] === 'check') ||
    [...users].some((key) => key.startsWith('publication:'))
  )
}

/** What changes the generation of a column that stays. What ends it comes before the type changes. */
export function generationSteps(to: DdlObject, alter: (clause: string) => DdlStep): readonly DdlStep[] {
  const table = to.relation
  const generation = generationOf(to)
  if (generation === null) return [{ ...alter('DROP EXPRESSION'), phase: 'release' }]
  const { storage, expression } = generation
  const setExpression = alter(`SET EXPRESSION AS (${expression})`)
  const lock = { hazard: 'lock', table, lock: 'ACCESS EXCLUSIVE' } as const
  const rewrite = { hazard: 'table rewrite', table } as const
  return [{ ...setExpression, hazards: storage === 'stored' ? [lock, rewrite] : [lock] }]
}
