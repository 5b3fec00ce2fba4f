import {
  type DdlObject,
  type KindDdl,
  type DdlStep,
  keyFromName,
  listFact,
  step,
  textFact,
} from '../object.js'
import { isEnabledByDefault, enableClause, enableClauseFor } from './enable-clause.js'

export const triggerDdl: KindDdl = {
  reference: ({ name, relation }) => `TRIGGER ${name} ON ${relation}`,
  create: (object) => [
    step(textFact(object, 'definition')),
    ...(isEnabledByDefault(object) ? [] : [enableTrigger(object)]),
    ...listFact(object, 'onPartitions').map((entry) => enableOnPartition(object, entry)),
  ],
  drop: (object) => [step(`DROP TRIGGER ${object.name} ON ${object.relation}`)],
  alter: ({ from, to, facts }) => {
    if (!facts.has('definition') && !facts.has('enabled')) return partitionSteps(from, to)
    const partitions = listFact(to, 'onPartitions').map((entry) => enableOnPartition(to, entry))
    if (!facts.has('definition')) return [enableTrigger(to), ...partitions]
    if (isConstraintTrigger(from) || isConstraintTrigger(to)) return 'replace'
    // CREATE OR REPLACE TRIGGER enables the trigger.
    return [
      step(textFact(to, 'definition').replace(/^CREATE /, 'CREATE OR REPLACE ')),
      ...(isEnabledByDefault(to) ? [] : [enableTrigger(to)]),
      ...partitions,
    ]
  },
}

function enableTrigger(object: DdlObject): DdlStep {
  return step(`ALTER TABLE ${object.relation} ${enableClause(object)} TRIGGER ${object.name}`)
}

/** An entry is `public.events_1: disabled`. */
function enableOnPartition(trigger: DdlObject, entry: string): DdlStep {
  const end = entry.lastIndexOf(': ')
  const partition = entry.slice(0, end)
  const clause = enableClauseFor(entry.slice(end + 2))
  const alter = `ALTER TABLE ${partition} ${clause} TRIGGER ${trigger.name}`
  return {
    ...step(alter),
    phase: 'attach',
    relationKey: keyFromName('table', partition),
  }
}

/** What the other side has switched on a partition fires there as on the partitioned table again. */
function partitionSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  const [before, after] = [listFact(from, 'onPartitions'), listFact(to, 'onPartitions')]
  const partitionOf = (entry: string): string => entry.slice(0, entry.lastIndexOf(': '))
  const kept = new Set(after.map(partitionOf))
  const mode = textFact(to, 'enabled')
  return [
    ...before.flatMap((entry) => (kept.has(partitionOf(entry)) ? [] : [`${partitionOf(entry)}: ${mode}`])),
    ...after.filter((entry) => !before.includes(entry)),
  ].map((entry) => enableOnPartition(to, entry))
}

/** PostgreSQL has no CREATE OR REPLACE CONSTRAINT TRIGGER. */
function isConstraintTrigger(object: DdlObject): boolean {
  return textFact(object, 'definition').startsWith('CREATE CONSTRAINT')
}
