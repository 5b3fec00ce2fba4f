import { ident, literal } from '../identifiers.js'
import {
  type Change,
  type DdlObject,
  type KindDdl,
  list,
  separateStep,
  type Step,
  step,
  text,
} from '../object.js'

/** The options of a subscription by fact: its name in SQL, and its value where the fact is left out. */
const options: Readonly<Record<string, readonly [name: string, usual: (subscription: DdlObject) => string]>> =
  {
    slot: ['slot_name', ({ names }) => names[0] ?? ''],
    binary: ['binary', () => 'false'],
    streaming: ['streaming', () => 'off'],
    synchronousCommit: ['synchronous_commit', () => 'off'],
    disableOnError: ['disable_on_error', () => 'false'],
    passwordRequired: ['password_required', () => 'true'],
    runAsOwner: ['run_as_owner', () => 'false'],
    origin: ['origin', () => 'any'],
    twoPhase: ['two_phase', () => 'false'],
    failover: ['failover', () => 'false'],
  }

/** Options that change the slot at the publisher as well, which no ROLLBACK takes back. */
const remote = ['twoPhase', 'failover']

/** Options that PostgreSQL changes only while the subscription is disabled. */
const atRest = ['slot', ...remote]

export const subscription: KindDdl = {
  reference: ({ name }) => `SUBSCRIPTION ${name}`,
  create: (object) => ({
    reason: 'its connection may hold a password, which no catalog has',
    decide: `run CREATE SUBSCRIPTION ${object.name} CONNECTION '…' PUBLICATION ${publications(object)}${withOptions(object)} with the connection to the publisher`,
  }),
  drop: (object) => [
    ...(isEnabled(object) ? [alter(object, 'DISABLE')] : []),
    // With a slot, DROP SUBSCRIPTION looks for its publisher, and cannot be rolled back.
    ...(hasSlot(object) ? [alter(object, 'SET (slot_name = NONE)')] : []),
    step(`DROP SUBSCRIPTION ${object.name}`, {
      hazard: 'data loss',
      what: `the connection of the subscription ${object.name}, and how far it had come${remains(object)}`,
    }),
  ],
  alter: (change) => {
    if (change.facts.has('streaming') && text(change.to, 'streaming') === '') return unknownStreaming
    return alterations(change)
  },
}

const unknownStreaming = {
  reason: 'the usual way of streaming is another since PostgreSQL 18',
  decide: 'ALTER SUBSCRIPTION … SET (streaming = parallel) on 18 or later, off on earlier versions',
}

function alterations({ from, to, facts }: Change): readonly Step[] {
  const rests = atRest.some((fact) => facts.has(fact))
  const [was, shall] = [isEnabled(from), isEnabled(to)]
  const local = settings(to, (fact) => facts.has(fact) && !remote.includes(fact))
  const far = settings(to, (fact) => facts.has(fact) && remote.includes(fact))
  return [
    ...(was && (rests || !shall) ? [alter(to, 'DISABLE')] : []),
    ...(facts.has('publications')
      ? [alter(to, `SET PUBLICATION ${publications(to)} WITH (refresh = false)`)]
      : []),
    ...(local === '' ? [] : [alter(to, `SET (${local})`)]),
    ...(far === '' ? [] : [separateStep(`ALTER SUBSCRIPTION ${to.name} SET (${far})`, unreachable)]),
    ...(shall && (rests || !was) ? [alter(to, 'ENABLE')] : []),
  ]
}

const unreachable = { hazard: 'may fail', when: 'the publisher does not answer' } as const

function alter({ name }: DdlObject, what: string): Step {
  return step(`ALTER SUBSCRIPTION ${name} ${what}`)
}

function settings(object: DdlObject, isWanted: (fact: string) => boolean): string {
  return Object.entries(options)
    .filter(([fact]) => isWanted(fact))
    .map(([fact, [name, usual]]) => `${name} = ${literal(text(object, fact) || usual(object))}`)
    .join(', ')
}

function withOptions(object: DdlObject): string {
  const said = settings(object, (fact) => object.facts[fact] !== undefined)
  const all = [...(isEnabled(object) ? [] : ['enabled = false']), ...(said === '' ? [] : [said])]
  return all.length === 0 ? '' : ` WITH (${all.join(', ')})`
}

function publications(object: DdlObject): string {
  return list(object, 'publications').map(ident).join(', ')
}

function isEnabled({ facts }: DdlObject): boolean {
  return facts['enabled'] !== false
}

function hasSlot(object: DdlObject): boolean {
  return text(object, 'slot') !== 'none'
}

/** Without its subscriber a slot holds all that the publisher writes. */
function remains(object: DdlObject): string {
  if (!hasSlot(object)) return ''
  const slot = text(object, 'slot') || object.names[0]
  return `; its slot ${slot} stays at the publisher and fills its disk until it is dropped there`
}
