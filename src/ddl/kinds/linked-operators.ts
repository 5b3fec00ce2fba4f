import { objectKey } from '../../core/model/catalog.js'
import { unquoteIdentifier } from '../identifiers.js'
import { type ObjectChange, type DdlObject, findObject, textFact } from '../object.js'
import { splitArguments } from './argument-list.js'

/** The facts that name another operator. */
const operatorLinks = ['commutator', 'negator'] as const

type OperatorLink = (typeof operatorLinks)[number]

/** The operator that a link names. */
interface LinkedOperator {
  readonly key: string
  readonly schema: string
  /** In SQL: `public.=== (integer, text)`. */
  readonly reference: string
}

/** The types of both operands; the left one of a prefix operator is `NONE`. */
export function operandTypesOf({ signature }: DdlObject): readonly [string, string] {
  const [left, right] = splitArguments(signature.slice(1, -1))
  return [left?.declared ?? 'NONE', right?.declared ?? 'NONE']
}

/**
 * Whether PostgreSQL changes a link itself: it sets the link when the other operator is created, and removes it with
 * that operator.
 */
export function followsLinkedOperator({ from, to }: ObjectChange, fact: string): boolean {
  const link = operatorLinks.find((name) => name === fact)
  if (link === undefined) return false
  const isOnlyIn = ({ key }: LinkedOperator, one: DdlObject, other: DdlObject): boolean =>
    one.catalog[key] !== undefined && other.catalog[key] === undefined
  const [before, after] = [linkedOperator(from, link), linkedOperator(to, link)]
  return (before === null || isOnlyIn(before, from, to)) && (after === null || isOnlyIn(after, to, from))
}

/**
 * The keys of what is created before an operator: the schemas of the operators that it names, and the operators that
 * name it without being named by it, because PostgreSQL would otherwise add the link in the other direction.
 */
export function predecessorsOf(operator: DdlObject): readonly string[] {
  const oneSided = otherOperators(operator).filter((other) =>
    operatorLinks.some(
      (link) => linkedOperator(other, link)?.key === operator.key && linkedOperator(operator, link) === null,
    ),
  )
  return [
    ...linkedOperators(operator).map(({ schema }) => objectKey('schema', [schema])),
    ...oneSided.map(({ key }) => key),
  ]
}

/**
 * The shell operators that PostgreSQL created because only this operator names them. DROP OPERATOR does not drop them.
 */
export function shellOperatorsOf(operator: DdlObject): readonly LinkedOperator[] {
  const named = new Set(
    otherOperators(operator).flatMap((other) => linkedOperators(other).map(({ key }) => key)),
  )
  return linkedOperators(operator).filter(
    ({ key, schema }) => schema !== 'pg_catalog' && operator.catalog[key] === undefined && !named.has(key),
  )
}

function otherOperators({ catalog, key }: DdlObject): readonly DdlObject[] {
  return Object.keys(catalog)
    .filter((other) => other.startsWith('operator:') && other !== key)
    .flatMap((other) => findObject(catalog, other) ?? [])
}

function linkedOperators(operator: DdlObject): readonly LinkedOperator[] {
  return operatorLinks.flatMap((link) => linkedOperator(operator, link) ?? [])
}

function linkedOperator(operator: DdlObject, link: OperatorLink): LinkedOperator | null {
  const printed = textFact(operator, link)
  if (printed === '') return null
  const [left, right] = operandTypesOf(operator)
  const [, schema = 'pg_catalog', symbol = printed] = qualifiedOperator.exec(printed) ?? []
  const operands = link === 'negator' ? `(${left}, ${right})` : `(${right}, ${left})`
  return {
    key: objectKey('operator', [unquoteIdentifier(schema), symbol], operands),
    schema: unquoteIdentifier(schema),
    reference: `${schema}.${symbol} ${operands}`,
  }
}

/** An operator that is not PostgreSQL's own. */
const qualifiedOperator = /^OPERATOR\(("(?:[^"]|"")*"|[^.]+)\.(.+)\)$/
