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

/** The options of a subscription by fact: the name in SQL, and the default, for which the fact is left out. */
const subscriptionOptions: Readonly<
  Record<string, readonly [name: string, defaultValue: (subscription: DdlObject) => string]>
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

/** Options that also change the slot on the publisher, which ROLLBACK does not undo. */
const remoteOptions = ['twoPhase', 'failover']

/** Options that PostgreSQL changes only while the subscription is disabled. */
const disabledOnlyOptions = ['slot', ...remoteOptions]

export const subscriptionDdl: KindDdl = {
  reference: ({ name }) => `SUBSCRIPTION ${name}`,
  create: (object) => ({
    reason: 'its connection may contain a password, which the catalog does not contain',
    decide: `run CREATE SUBSCRIPTION ${object.name} CONNECTION '…' PUBLICATION ${publicationList(object)}${withClause(object)} with the connection to the publisher`,
  }),
  drop: (object) => [
    ...(isEnabled(object) ? [alterSubscriptionStep(object, 'DISABLE')] : []),
    // With a slot, DROP SUBSCRIPTION connects to the publisher and cannot be rolled back.
    ...(hasSlot(object) ? [alterSubscriptionStep(object, 'SET (slot_name = NONE)')] : []),
    step(`DROP SUBSCRIPTION ${object.name}`, {
      hazard: 'data loss',
      what: `the connection of the subscription ${object.name} and its replication position${slotWarning(object)}`,
    }),
  ],
  alter: (change) =>
    change.facts.has('streaming') && textFact(change.to, 'streaming') === ''
      ? streamingRefusal
      : alterSubscriptionSteps(change),
}

const streamingRefusal = {
  reason: 'the default of the option streaming changed with PostgreSQL 18',
  decide: 'ALTER SUBSCRIPTION … SET (streaming = parallel) on 18 or later, off on earlier versions',
}

function alterSubscriptionSteps({ from, to, facts }: ObjectChange): readonly DdlStep[] {
  const mustBeDisabled = disabledOnlyOptions.some((fact) => facts.has(fact))
  const [wasEnabled, isEnabledAfter] = [isEnabled(from), isEnabled(to)]
  const local = renderSubscriptionOptions(to, (fact) => facts.has(fact) && !remoteOptions.includes(fact))
  const remote = renderSubscriptionOptions(to, (fact) => facts.has(fact) && remoteOptions.includes(fact))
  return [
    ...(wasEnabled && (mustBeDisabled || !isEnabledAfter) ? [alterSubscriptionStep(to, 'DISABLE')] : []),
    ...(facts.has('publications')
      ? [alterSubscriptionStep(to, `SET PUBLICATION ${publicationList(to)} WITH (refresh = false)`)]
      : []),
    ...(local === '' ? [] : [alterSubscriptionStep(to, `SET (${local})`)]),
    ...(remote === ''
      ? []
      : [nonTransactionalStep(`ALTER SUBSCRIPTION ${to.name} SET (${remote})`, publisherHazard)]),
    ...(isEnabledAfter && (mustBeDisabled || !wasEnabled) ? [alterSubscriptionStep(to, 'ENABLE')] : []),
  ]
}

const publisherHazard = { hazard: 'may fail', when: 'the publisher does not answer' } as const

function alterSubscriptionStep({ name }: DdlObject, clause: string): DdlStep {
  return step(`ALTER SUBSCRIPTION ${name} ${clause}`)
}

function renderSubscriptionOptions(object: DdlObject, includes: (fact: string) => boolean): string {
  return Object.entries(subscriptionOptions)
    .filter(([fact]) => includes(fact))
    .map(
      ([fact, [name, defaultValue]]) =>
        `${name} = ${quoteLiteral(textFact(object, fact) || defaultValue(object))}`,
    )
    .join(', ')
}

function withClause(object: DdlObject): string {
  const options = renderSubscriptionOptions(object, (fact) => object.facts[fact] !== undefined)
  const settings = [...(isEnabled(object) ? [] : ['enabled = false']), ...(options === '' ? [] : [options])]
  return settings.length === 0 ? '' : ` WITH (${settings.join(', ')})`
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

/** The publisher keeps WAL for a slot without a subscriber. */
function slotWarning(object: DdlObject): string {
  if (!hasSlot(object)) return ''
  const slot = textFact(object, 'slot') || object.names[0]
  return `; its slot ${slot} stays on the publisher and fills its disk until it is dropped there`
}
