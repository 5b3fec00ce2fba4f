import { dependentsOf } from '../dependencies.js'
import {
  type ObjectChange,
  findObject,
  type DdlObject,
  booleanFact,
  type KindDdl,
  keyFromName,
  type DdlStep,
  step,
  textFact,
} from '../object.js'
import {
  continueDefaultSteps,
  isDisjoint,
  moveIntoRangeSteps,
  positionLoss,
  rangeOfSequence,
  sequenceName,
} from './sequence-position.js'

/** The options of CREATE and ALTER SEQUENCE by fact. */
const sequenceOptions: Readonly<Record<string, (sequence: DdlObject) => string>> = {
  type: (sequence) => `AS ${textFact(sequence, 'type')}`,
  increment: (sequence) => `INCREMENT BY ${textFact(sequence, 'increment')}`,
  min: (sequence) => `MINVALUE ${textFact(sequence, 'min')}`,
  max: (sequence) => `MAXVALUE ${textFact(sequence, 'max')}`,
  start: (sequence) => `START WITH ${textFact(sequence, 'start')}`,
  cache: (sequence) => `CACHE ${textFact(sequence, 'cache')}`,
  cycle: (sequence) => (booleanFact(sequence, 'cycle') ? 'CYCLE' : 'NO CYCLE'),
}

export const sequenceDdl: KindDdl = {
  reference: ({ name }) => `SEQUENCE ${name}`,
  create: (object) => [
    step(
      `CREATE ${booleanFact(object, 'unlogged') ? 'UNLOGGED ' : ''}SEQUENCE ${object.name} ${renderSequenceOptions(object, () => true)}`,
    ),
    ...ownedBySteps(object),
  ],
  drop: (object) => [step(`DROP SEQUENCE ${object.name}`, positionLoss(object.name))],
  alter: ({ from, to, facts }) => [
    ...disownSteps(from, facts),
    ...alterSequenceSteps({ from, to, facts }),
    ...(facts.has('ownedBy') ? ownedBySteps(to) : []),
  ],
}

function renderSequenceOptions(object: DdlObject, includes: (fact: string) => boolean): string {
  return Object.entries(sequenceOptions)
    .filter(([fact]) => includes(fact))
    .map(([, render]) => render(object))
    .join(' ')
}

function alterSequenceSteps({ from, to, facts }: ObjectChange): readonly DdlStep[] {
  const changed = renderSequenceOptions(to, (fact) => facts.has(fact))
  const [before, after] = [rangeOfSequence(from), rangeOfSequence(to)]
  return [
    ...(changed === ''
      ? []
      : [
          ...moveIntoRangeSteps(sequenceName(to.name), before, after),
          ...(isDisjoint(before, after)
            ? [
                step(`ALTER SEQUENCE ${to.name} ${changed} RESTART`, positionLoss(to.name)),
                ...numberedColumns(to).flatMap(continueDefaultSteps),
              ]
            : [step(`ALTER SEQUENCE ${to.name} ${changed}`)]),
        ]),
    ...(facts.has('unlogged')
      ? [step(`ALTER SEQUENCE ${to.name} SET ${booleanFact(to, 'unlogged') ? 'UNLOGGED' : 'LOGGED'}`)]
      : []),
  ]
}

/** The columns whose default takes its numbers from a sequence. */
function numberedColumns({ catalog, key }: DdlObject): readonly DdlObject[] {
  const users = [...(dependentsOf(catalog).get(key) ?? [])].filter((user) => user.startsWith('column:'))
  return users.flatMap((user) => findObject(catalog, user) ?? [])
}

/** OWNED BY NONE keeps the sequence when the column that owned it is dropped. */
function disownSteps(from: DdlObject, facts: ReadonlySet<string>): readonly DdlStep[] {
  if (!facts.has('ownedBy') || textFact(from, 'ownedBy') === '') return []
  return [{ ...step(`ALTER SEQUENCE ${from.name} OWNED BY NONE`), phase: 'release' }]
}

function ownedBySteps(object: DdlObject): readonly DdlStep[] {
  const column = textFact(object, 'ownedBy')
  if (column === '') return []
  const after = [keyFromName('column', column)]
  return [{ ...step(`ALTER SEQUENCE ${object.name} OWNED BY ${column}`), phase: 'attach', after }]
}
