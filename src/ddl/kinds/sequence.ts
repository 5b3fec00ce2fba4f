import { type Change, type DdlObject, is, type KindDdl, keyOfName, type Step, step, text } from '../object.js'

/** The options of CREATE and ALTER SEQUENCE by fact. */
const options: Readonly<Record<string, (sequence: DdlObject) => string>> = {
  type: (sequence) => `AS ${text(sequence, 'type')}`,
  increment: (sequence) => `INCREMENT BY ${text(sequence, 'increment')}`,
  min: (sequence) => `MINVALUE ${text(sequence, 'min')}`,
  max: (sequence) => `MAXVALUE ${text(sequence, 'max')}`,
  start: (sequence) => `START WITH ${text(sequence, 'start')}`,
  cache: (sequence) => `CACHE ${text(sequence, 'cache')}`,
  cycle: (sequence) => (is(sequence, 'cycle') ? 'CYCLE' : 'NO CYCLE'),
}

export const sequence: KindDdl = {
  reference: ({ name }) => `SEQUENCE ${name}`,
  create: (object) => [
    step(
      `CREATE ${is(object, 'unlogged') ? 'UNLOGGED ' : ''}SEQUENCE ${object.name} ${optionsOf(object, () => true)}`,
    ),
    ...owned(object),
  ],
  alter: ({ from, to, facts }) => [
    ...released(from, facts),
    ...altered({ from, to, facts }),
    ...(facts.has('ownedBy') ? owned(to) : []),
  ],
}

function optionsOf(object: DdlObject, isWanted: (fact: string) => boolean): string {
  return Object.entries(options)
    .filter(([fact]) => isWanted(fact))
    .map(([, render]) => render(object))
    .join(' ')
}

function altered({ from, to, facts }: Change): readonly Step[] {
  const changed = optionsOf(to, (fact) => facts.has(fact))
  return [
    ...(changed === ''
      ? []
      : [step(`ALTER SEQUENCE ${to.name} ${changed}${isElsewhere({ from, to }) ? ' RESTART' : ''}`)]),
    ...(facts.has('unlogged')
      ? [step(`ALTER SEQUENCE ${to.name} SET ${is(to, 'unlogged') ? 'UNLOGGED' : 'LOGGED'}`)]
      : []),
  ]
}

/** Whether no value of the old bounds is within the new ones: then it can only begin again. */
function isElsewhere({ from, to }: Omit<Change, 'facts'>): boolean {
  const bound = (object: DdlObject, fact: string): bigint => BigInt(text(object, fact))
  return bound(to, 'max') < bound(from, 'min') || bound(from, 'max') < bound(to, 'min')
}

/** A sequence that is to stay must not go with the column that owned it. */
function released(from: DdlObject, facts: ReadonlySet<string>): readonly Step[] {
  if (!facts.has('ownedBy') || text(from, 'ownedBy') === '') return []
  return [{ ...step(`ALTER SEQUENCE ${from.name} OWNED BY NONE`), phase: 'release' }]
}

function owned(object: DdlObject): readonly Step[] {
  const column = text(object, 'ownedBy')
  if (column === '') return []
  const after = [keyOfName('column', column)]
  return [{ ...step(`ALTER SEQUENCE ${object.name} OWNED BY ${column}`), phase: 'attach', after }]
}
