import { quoteLiteral } from '../identifiers.js'
import { type DdlObject, type DdlStep, findObject, keyFromName, step, textFact } from '../object.js'
import type { Hazard } from '../statement.js'
import { storedTypeOf } from './stored-type.js'

/** The numbers that a sequence gives, and in which direction. */
export interface SequenceRange {
  readonly start: bigint
  readonly min: bigint
  readonly max: bigint
  readonly isDescending: boolean
}

/** A sequence in SQL, as an expression and as something to select `last_value` from. */
interface SequenceName {
  readonly regclass: string
  readonly relation: string
}

export function sequenceName(relation: string): SequenceName {
  return { relation, regclass: quoteLiteral(relation) }
}

const countableTypes = new Set(['smallint', 'integer', 'bigint', 'numeric'])

/**
 * Puts a sequence that begins to number the rows of an existing table after the highest number there is, or the lowest if it
 * counts down. `position` is where it stands, in SQL. No step for columns that hold no numbers.
 */
export function continueSteps(
  column: DdlObject,
  regclass: string,
  { min, max, isDescending }: SequenceRange,
  position: string,
): readonly DdlStep[] {
  const type = storedTypeOf(textFact(column, 'type'), column.catalog).replace(/\(.*\)$/, '')
  if (!countableTypes.has(type)) return []
  const last = `${isDescending ? 'min' : 'max'}(${column.name})`
  const bound = isDescending ? `greatest(${last}, ${min})` : `least(${last}, ${max})`
  const comparison = isDescending ? '<=' : '>='
  const table = column.relation
  return [
    {
      ...step(
        `SELECT setval(${regclass}, ${bound}::bigint) FROM ${table} HAVING ${last} ${comparison} ${position}`,
        { hazard: 'full scan', table, lock: 'ACCESS EXCLUSIVE' },
      ),
      phase: 'attach',
    },
  ]
}

/** The same for the sequence from which a column has its default, if that is nothing but the next number. */
export function continueDefaultSteps(column: DdlObject): readonly DdlStep[] {
  const sequence = numberingSequence(column)
  if (sequence === undefined) return []
  const { regclass, relation } = sequenceName(sequence.name)
  const position = `(SELECT last_value FROM ${relation})`
  return continueSteps(column, regclass, rangeOfSequence(sequence), position).map((step) => ({
    ...step,
    after: [sequence.key],
  }))
}

/** The sequence that a default takes its numbers from, if it is nothing but that. */
function numberingSequence(column: DdlObject): DdlObject | undefined {
  const [, name] = /^nextval\('((?:[^']|'')+)'::regclass\)$/.exec(textFact(column, 'default')) ?? []
  return name === undefined
    ? undefined
    : findObject(column.catalog, keyFromName('sequence', name.replaceAll("''", "'")))
}

export function rangeOfSequence(sequence: DdlObject): SequenceRange {
  return {
    start: BigInt(textFact(sequence, 'start')),
    min: BigInt(textFact(sequence, 'min')),
    max: BigInt(textFact(sequence, 'max')),
    isDescending: textFact(sequence, 'increment').startsWith('-'),
  }
}

/** Whether two ranges have no number in common, so that the sequence must start again. */
export function isDisjoint(from: SequenceRange, to: SequenceRange): boolean {
  return to.max < from.min || from.max < to.min
}

/**
 * Moves a sequence that stands outside of its new bounds, which PostgreSQL refuses: one that has not reached them to the first
 * number allowed, and one that is past them to its new start if it was never used. Otherwise it has no number left.
 */
export function moveIntoRangeSteps(
  { relation, regclass }: SequenceName,
  from: SequenceRange,
  to: SequenceRange,
): readonly DdlStep[] {
  if (isDisjoint(from, to)) return []
  const move = (value: bigint, condition: string, ...hazards: readonly Hazard[]): DdlStep =>
    step(`SELECT setval(${regclass}, ${value}, false) FROM ${relation} WHERE ${condition}`, ...hazards)
  const [first, last] = to.isDescending ? [to.max, to.min] : [to.min, to.max]
  const [before, past] = to.isDescending ? ['>', '<'] : ['<', '>']
  const [isMinNew, isMaxNew] = [from.min < to.min, to.max < from.max]
  const [isFirstNew, isLastNew] = to.isDescending ? [isMaxNew, isMinNew] : [isMinNew, isMaxNew]
  const unused = `last_value ${past} ${last} AND NOT is_called`
  return [
    ...(isFirstNew ? [move(first, `last_value ${before} ${first}`)] : []),
    ...(isLastNew
      ? [
          move(within(to.start, from), unused, {
            hazard: 'may fail',
            when: `${relation} has given numbers past ${last}`,
          }),
        ]
      : []),
  ]
}

function within(value: bigint, { min, max }: SequenceRange): bigint {
  return value < min ? min : value > max ? max : value
}

export function positionLoss(sequence: string): Hazard {
  return { hazard: 'data loss', what: `the position of ${sequence}` }
}
