import type { Facts } from '../../core/model/catalog.js'
import { dependentsOf } from '../dependencies.js'
import {
  type DdlObject,
  type DdlStep,
  findObject,
  type ObjectChange,
  partsByRelation,
  textFact,
} from '../object.js'
import type { Hazard } from '../statement.js'
import { tablesOfConstraint } from './constraint-tables.js'
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
  return [{ ...setExpression, hazards: storage === 'stored' ? [lock, rewrite, ...checkedAgain(to)] : [lock] }]
}

/** PostgreSQL drops the foreign keys that use a column with a new expression, makes them again and checks them. */
function checkedAgain(column: DdlObject): readonly Hazard[] {
  const { catalog, key, relationKey = '', name, relation } = column
  const own = (partsByRelation(catalog).get(relationKey) ?? []).filter((part) =>
    foreignKeyColumns(catalog[part]).includes(name),
  )
  const referencing = [...(dependentsOf(catalog).get(key) ?? [])].filter((user) =>
    user.startsWith('constraint:'),
  )
  const foreignKeys = [...own, ...referencing].flatMap((one) => findObject(catalog, one) ?? [])
  const tables = new Set(foreignKeys.flatMap(tablesOfConstraint).filter((table) => table !== relation))
  return [...tables].map((table) => ({ hazard: 'full scan', table, lock: 'ACCESS EXCLUSIVE' }))
}

function foreignKeyColumns(facts: Facts = {}): readonly string[] {
  const [, columns = ''] = /^FOREIGN KEY \((.*?)\) REFERENCES /.exec(textFact({ facts }, 'definition')) ?? []
  return columns.split(', ')
}
