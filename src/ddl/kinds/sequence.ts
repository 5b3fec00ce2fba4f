import {
  type ObjectChange,
  type DdlObject,
  booleanFact,
  type KindDdl,
  keyFromName,
  type DdlStep,
  step,
  textFact,
} from '../object.js'

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
  return [
    ...(changed === ''
      ? []
      : [step(`ALTER SEQUENCE ${to.name} ${changed}${hasDisjointBounds(from, to) ? ' RESTART' : ''}`)]),
    ...(facts.has('unlogged')
      ? [step(`ALTER SEQUENCE ${to.name} SET ${booleanFact(to, 'unlogged') ? 'UNLOGGED' : 'LOGGED'}`)]
      : []),
  ]
}

/** Whether the old and new bounds have no value in common, so that the sequence must restart. */
function hasDisjointBounds(from: DdlObject, to: DdlObject): boolean {
  const bound = (object: DdlObject, fact: string): bigint => BigInt(textFact(object, fact))
  return bound(to, 'max') < bound(from, 'min') || bound(from, 'max') < bound(to, 'min')
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
