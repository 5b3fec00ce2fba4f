import { quoteIdentifier, quoteLiteral } from '../identifiers.js'
import {
  type ObjectChange,
  type DdlObject,
  type KindDdl,
  listFact,
  nonTransactionalStep,
  type DdlStep,
  step,
  textFact,
} from '../object.js'

/** The options of a subscription by fact: its name in SQL, and its value where the fact is left out. */
const subscriptionOptions: Readonly<
  Record<string, readonly [name: string, usual: (subscription: DdlObject) => string]>
> = {
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
const remoteOptions = ['twoPhase', 'failover']

/** Options that PostgreSQL changes only while the subscription is disabled. */
const disabledOnlyOptions = ['slot', ...remoteOptions]

export const subscriptionDdl: KindDdl = {
  reference: ({ name }) => `SUBSCRIPTION ${name}`,
  create: (object) => ({
    reason: 'its connection may hold a password, which no catalog has',
    decide: `run CREATE SUBSCRIPTION ${object.name} CONNECTION '…' PUBLICATION ${publicationList(object)}${withClause(object)} with the connection to the publisher`,
  }),
  drop: (object) => [
    ...(isEnabled(object) ? [alterSubscriptionStep(object, 'DISABLE')] : []),
    // With a slot, DROP SUBSCRIPTION looks for its publisher, and cannot be rolled back.
    ...(hasSlot(object) ? [alterSubscriptionStep(object, 'SET (slot_name = NONE)')] : []),
    step(`DROP SUBSCRIPTION ${object.name}`, {
      hazard: 'data loss',
      what: `the connection of the subscription ${object.name}, and how far it had come${slotWarning(object)}`,
    }),
  ],
  alter: (change) => {
    if (change.facts.has('streaming') && textFact(change.to, 'streaming') === '') return streamingRefusal
    return alterSubscriptionSteps(change)
  },
}

const streamingRefusal = {
  reason: 'the usual way of streaming is another since PostgreSQL 18',
  decide: 'ALTER SUBSCRIPTION … SET (streaming = parallel) on 18 or later, off on earlier versions',
}

function alterSubscriptionSteps({ from, to, facts }: ObjectChange): readonly DdlStep[] {
  const rests = disabledOnlyOptions.some((fact) => facts.has(fact))
  const [was, shall] = [isEnabled(from), isEnabled(to)]
  const local = renderSubscriptionOptions(to, (fact) => facts.has(fact) && !remoteOptions.includes(fact))
  const far = renderSubscriptionOptions(to, (fact) => facts.has(fact) && remoteOptions.includes(fact))
  return [
    ...(was && (rests || !shall) ? [alterSubscriptionStep(to, 'DISABLE')] : []),
    ...(facts.has('publications')
      ? [alterSubscriptionStep(to, `SET PUBLICATION ${publicationList(to)} WITH (refresh = false)`)]
      : []),
    ...(local === '' ? [] : [alterSubscriptionStep(to, `SET (${local})`)]),
    ...(far === ''
      ? []
      : [nonTransactionalStep(`ALTER SUBSCRIPTION ${to.name} SET (${far})`, publisherHazard)]),
    ...(shall && (rests || !was) ? [alterSubscriptionStep(to, 'ENABLE')] : []),
  ]
}

const publisherHazard = { hazard: 'may fail', when: 'the publisher does not answer' } as const

function alterSubscriptionStep({ name }: DdlObject, what: string): DdlStep {
  return step(`ALTER SUBSCRIPTION ${name} ${what}`)
}

function renderSubscriptionOptions(object: DdlObject, isWanted: (fact: string) => boolean): string {
  return Object.entries(subscriptionOptions)
    .filter(([fact]) => isWanted(fact))
    .map(([fact, [name, usual]]) => `${name} = ${quoteLiteral(textFact(object, fact) || usual(object))}`)
    .join(', ')
}

function withClause(object: DdlObject): string {
  const said = renderSubscriptionOptions(object, (fact) => object.facts[fact] !== undefined)
  const all = [...(isEnabled(object) ? [] : ['enabled = false']), ...(said === '' ? [] : [said])]
  return all.length === 0 ? '' : ` WITH (${all.join(', ')})`
}

function publicationList(object: DdlObject): string {
  return listFact(object, 'publications').map(quoteIdentifier).join(', ')
}

function isEnabled({ facts }: DdlObject): boolean {
  return facts['enabled'] !== false
}

function hasSlot(object: DdlObject): boolean {
  return textFact(object, 'slot') !== 'none'
}

/** Without its subscriber a slot holds all that the publisher writes. */
function slotWarning(object: DdlObject): string {
  if (!hasSlot(object)) return ''
  const slot = textFact(object, 'slot') || object.names[0]
  return `; its slot ${slot} stays at the publisher and fills its disk until it is dropped there`
}
