import { objectKey } from '../../core/model/catalog.js'
import { unquote } from '../identifiers.js'
import { type Change, type DdlObject, findObject, text } from '../object.js'
import { splitArguments } from './argument-list.js'

/** The facts that name another operator. */
const links = ['commutator', 'negator'] as const

type Link = (typeof links)[number]

/** The operator that a link names. */
interface Partner {
  readonly key: string
  readonly schema: string
  /** As SQL has it: `public.=== (integer, text)`. */
  readonly reference: string
}

/** The types of both operands, `NONE` for the left one of a prefix operator. */
export function operandsOf({ signature }: DdlObject): readonly [string, string] {
  const [left, right] = splitArguments(signature.slice(1, -1))
  return [left?.declared ?? 'NONE', right?.declared ?? 'NONE']
}

/** Whether a link changes by itself: PostgreSQL sets it when the other operator is made, and ends it with that. */
export function followsPartner({ from, to }: Change, fact: string): boolean {
  const link = links.find((name) => name === fact)
  if (link === undefined) return false
  const isOnlyIn = ({ key }: Partner, one: DdlObject, other: DdlObject): boolean =>
    one.catalog[key] !== undefined && other.catalog[key] === undefined
  const [before, after] = [partnerOf(from, link), partnerOf(to, link)]
  return (before === null || isOnlyIn(before, from, to)) && (after === null || isOnlyIn(after, to, from))
}

/**
 * What comes before an operator: the schemas of those it names, and the operators that name it without being named in
 * turn, to which PostgreSQL would give its name otherwise.
 */
export function predecessorsOf(operator: DdlObject): readonly string[] {
  const oneSided = othersOf(operator).filter((other) =>
    links.some((link) => partnerOf(other, link)?.key === operator.key && partnerOf(operator, link) === null),
  )
  return [
    ...partnersOf(operator).map(({ schema }) => objectKey('schema', [schema])),
    ...oneSided.map(({ key }) => key),
  ]
}

/** The operators that exist only by name, because this one names them and no other does. They do not end with it. */
export function announcedBy(operator: DdlObject): readonly Partner[] {
  const named = new Set(othersOf(operator).flatMap((other) => partnersOf(other).map(({ key }) => key)))
  return partnersOf(operator).filter(
    ({ key, schema }) => schema !== 'pg_catalog' && operator.catalog[key] === undefined && !named.has(key),
  )
}

function othersOf({ catalog, key }: DdlObject): readonly DdlObject[] {
  return Object.keys(catalog)
    .filter((other) => other.startsWith('operator:') && other !== key)
    .flatMap((other) => findObject(catalog, other) ?? [])
}

function partnersOf(operator: DdlObject): readonly Partner[] {
  return links.flatMap((link) => partnerOf(operator, link) ?? [])
}

function partnerOf(operator: DdlObject, link: Link): Partner | null {
  const printed = text(operator, link)
  if (printed === '') return null
  const [left, right] = operandsOf(operator)
  const [, schema = 'pg_catalog', symbol = printed] = qualified.exec(printed) ?? []
  const operands = link === 'negator' ? `(${left}, ${right})` : `(${right}, ${left})`
  return {
    key: objectKey('operator', [unquote(schema), symbol], operands),
    schema: unquote(schema),
    reference: `${schema}.${symbol} ${operands}`,
  }
}

/** An operator that is not PostgreSQL's own. */
const qualified = /^OPERATOR\(("(?:[^"]|"")*"|[^.]+)\.(.+)\)$/
