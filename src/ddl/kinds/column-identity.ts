import { quoteIdentifier, quoteLiteral } from '../identifiers.js'
import { type DdlObject, listFact, type DdlStep, step, textFact } from '../object.js'
import {
  identityClause,
  identityOptionSyntax,
  optionKeyword,
  renderIdentityOption,
} from './identity-options.js'
import {
  continueSteps,
  isDisjoint,
  moveIntoRangeSteps,
  positionLoss,
  sequenceName,
  type SequenceRange,
} from './sequence-position.js'

/** Makes an ALTER COLUMN step from the clause after the column. */
type AlterColumn = (clause: string) => DdlStep

/**
 * Drops, alters or adds the identity. DROP IDENTITY comes early and ADD late, because the name of the sequence may
 * belong to a different object before or after.
 */
export function identitySteps(from: DdlObject, to: DdlObject, alter: AlterColumn): readonly DdlStep[] {
  const [before, after] = [textFact(from, 'identity'), textFact(to, 'identity')]
  if (before !== '' && after === '') {
    const loss = positionLoss(`the identity of ${from.relation}.${from.name}`)
    return [{ ...alter('DROP IDENTITY'), hazards: [loss], phase: 'release' }]
  }
  if (before === '' && after !== '')
    return [{ ...alter(`ADD ${identityClause(to)}`), phase: 'attach' }, ...continueIdentitySteps(to)]
  return before === after ? [] : [alter(`SET GENERATED ${after.toUpperCase()}`)]
}

/** A new identity continues after the numbers that the rows have. The name of its sequence may be one that PostgreSQL shortens. */
function continueIdentitySteps(
  to: DdlObject,
  range: SequenceRange = identityRange(to),
  position = String(range.start),
): readonly DdlStep[] {
  const column = [to.relation, to.names.at(-1) ?? ''].map(quoteLiteral).join(', ')
  return continueSteps(to, `pg_get_serial_sequence(${column})`, range, position)
}

/** Renames the sequence of an identity column that stays one. */
export function identitySequenceSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  if (textFact(from, 'identity') === '' || textFact(to, 'identity') === '') return []
  return [step(`ALTER SEQUENCE ${identitySequenceName(from)} RENAME TO ${identitySequence(to)}`)]
}

/** The sequence of an identity column in SQL. */
export function identitySequenceName(column: DdlObject): string {
  return `${quoteIdentifier(column.names[0] ?? '')}.${identitySequence(column)}`
}

function identitySequence(column: DdlObject): string {
  const [, table = '', name = ''] = column.names
  return textFact(column, 'identitySequence') || quoteIdentifier(`${table}_${name}_seq`)
}

/** Whether PostgreSQL shortened the name of its sequence, which is then not known. */
function hasShortenedName(column: DdlObject): boolean {
  const [, table = '', name = ''] = column.names
  return textFact(column, 'identitySequence') === '' && Buffer.byteLength(`${table}_${name}_seq`) > 63
}

/** Changes the options of an identity column that stays one. */
export function identityOptionSteps(from: DdlObject, to: DdlObject, alter: AlterColumn): readonly DdlStep[] {
  if (textFact(from, 'identity') === '' || textFact(to, 'identity') === '') return []
  const [before, after] = [identityRange(from), identityRange(to)]
  const changes = identityOptionChanges(from, to).join(' ')
  if (isDisjoint(before, after))
    return [
      {
        ...alter(`${changes} RESTART`),
        hazards: [positionLoss(`the identity of ${to.relation}.${to.name}`)],
      },
      ...continueIdentitySteps(to),
    ]
  const sequence = sequenceName(identitySequenceName(from))
  const moves = hasShortenedName(from) ? [] : moveIntoRangeSteps(sequence, before, after)
  if (before.isDescending === after.isDescending) return [...moves, alter(changes)]
  const first = after.isDescending ? after.max : after.min
  // In the other direction it comes upon the numbers that it has given.
  const loss = positionLoss(`the identity of ${to.relation}.${to.name}`)
  return [
    ...moves,
    { ...alter(changes), hazards: [loss] },
    ...continueIdentitySteps(to, after, String(first)),
  ]
}

/** Whether an identity column gets a smaller type. Its options must then change before the type. */
export function isNarrowing(from: DdlObject, to: DdlObject): boolean {
  return (maxValues[textFact(to, 'type')] ?? 0n) < (maxValues[textFact(from, 'type')] ?? 0n)
}

function identityOptionChanges(from: DdlObject, to: DdlObject): readonly string[] {
  const [before, after] = [listFact(from, 'identityOptions'), listFact(to, 'identityOptions')]
  const keywords = new Set([...after.map(optionKeyword), 'start'])
  const flips = identityRange(from).isDescending !== identityRange(to).isDescending
  return [
    // Bounds that nobody set are those of the old direction.
    ...(flips
      ? ['minvalue', 'maxvalue'].filter((keyword) => optionValue(to, keyword) === undefined)
      : []
    ).map((keyword) => `SET ${identityOptionSyntax[keyword]?.reset ?? ''}`),
    ...(flips
      ? after.filter((option) => before.includes(option) && /^(?:min|max)value/.test(option))
      : []
    ).map((option) => `SET ${renderIdentityOption(option)}`),
    ...after
      .filter((option) => !before.includes(option) && optionKeyword(option) !== 'start')
      .map((option) => `SET ${renderIdentityOption(option)}`),
    ...before
      .filter((option) => !keywords.has(optionKeyword(option)))
      .filter((option) => !(flips && /^(?:min|max)value/.test(option)))
      .map((option) => `SET ${identityOptionSyntax[optionKeyword(option)]?.reset ?? ''}`),
    ...(identityRange(from).start === identityRange(to).start
      ? []
      : [`SET START WITH ${identityRange(to).start}`]),
  ]
}

function optionValue(column: DdlObject, keyword: string): string | undefined {
  return listFact(column, 'identityOptions')
    .find((option) => optionKeyword(option) === keyword)
    ?.slice(keyword.length + 1)
}

/** What its sequence gives: without options what the type allows, from the first number on. */
function identityRange(column: DdlObject): SequenceRange {
  const isDescending = optionValue(column, 'increment')?.startsWith('-') === true
  const typeMax = maxValues[textFact(column, 'type')] ?? maxValues['bigint'] ?? 0n
  const min = BigInt(optionValue(column, 'minvalue') ?? (isDescending ? -typeMax - 1n : 1n))
  const max = BigInt(optionValue(column, 'maxvalue') ?? (isDescending ? -1n : typeMax))
  const start = BigInt(optionValue(column, 'start') ?? (isDescending ? max : min))
  return { start, min, max, isDescending }
}

const maxValues: Readonly<Record<string, bigint>> = {
  smallint: 32_767n,
  integer: 2_147_483_647n,
  bigint: 9_223_372_036_854_775_807n,
}
