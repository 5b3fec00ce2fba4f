import {
  type DdlObject,
  type DdlStep,
  keyFromName,
  listFact,
  type ObjectChange,
  columnKeysOf,
  step,
  textFact,
} from '../object.js'
import { parseKey } from '../../core/model/catalog.js'
import { unquoteIdentifier } from '../identifiers.js'
import { requiredParts } from './table-parents.js'

/** NOT OF before anything else changes, and OF when the table has the columns of its type. */
export function tableTypeSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  const [before, after] = [textFact(from, 'ofType'), textFact(to, 'ofType')]
  const alter = (clause: string): DdlStep => step(`ALTER TABLE ${to.name} ${clause}`)
  const needed = [keyFromName('composite', after), ...requiredParts(to)]
  return [
    ...(before === '' ? [] : [{ ...alter('NOT OF'), phase: 'release' as const }]),
    ...(after === '' ? [] : [{ ...alter(`OF ${after}`), phase: 'attach' as const, after: needed }]),
  ]
}

/** PostgreSQL takes a table for one of a type only if it has the columns in the order of the type. */
export function refuseOrder({ from, to, facts }: ObjectChange): { reason: string; decide: string } | null {
  const type = textFact(to, 'ofType')
  if (!facts.has('ofType') || type === '') return null
  const [before, after] = [columnNames(from), columnNames(to)]
  const columns = [
    ...before.filter((name) => after.includes(name)),
    ...after.filter((name) => !before.includes(name)),
  ]
  const attributes = listFact({ facts: to.catalog[keyFromName('composite', type)] ?? {} }, 'attributes').map(
    (attribute) => unquoteIdentifier(/^(?:"(?:[^"]|"")*"|\S+)/.exec(attribute)?.[0] ?? ''),
  )
  if (columns.every((name, index) => name === attributes[index])) return null
  return {
    reason: `the columns of ${to.name} are not in the order of ${type}, and PostgreSQL cannot change their order`,
    decide: `create a new table of ${type} and move the rows of ${to.name} to it`,
  }
}

/** The columns of a table in their order, unquoted. */
function columnNames({ catalog, key }: DdlObject): readonly string[] {
  return columnKeysOf(catalog, key)
    .toSorted((one, other) => Number(catalog[one]?.['$position']) - Number(catalog[other]?.['$position']))
    .map((part) => unquoteIdentifier(parseKey(part).names.at(-1) ?? ''))
}
