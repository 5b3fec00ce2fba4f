import { quoteLiteral } from '../identifiers.js'
import {
  type ObjectChange,
  type KindDdl,
  listFact,
  nonTransactionalStep,
  type DdlStep,
  step,
} from '../object.js'

export const enumDdl: KindDdl = {
  reference: ({ name }) => `TYPE ${name}`,
  create: (object) => [
    step(`CREATE TYPE ${object.name} AS ENUM (${listFact(object, 'labels').map(quoteLiteral).join(', ')})`),
  ],
  alter: (change) => addLabelSteps(change) ?? 'replace',
}

/**
 * ALTER TYPE … ADD VALUE for new labels; null where a label is removed or moved, which PostgreSQL cannot do. A label
 * cannot be used in the transaction that adds it, so the steps run outside one.
 */
function addLabelSteps({ from, to }: ObjectChange): readonly DdlStep[] | null {
  const old = listFact(from, 'labels')
  const labels = listFact(to, 'labels')
  const kept = labels.filter((label) => old.includes(label))
  if (kept.length !== old.length || kept.some((label, index) => label !== old[index])) return null
  return labels.flatMap((label, index) =>
    old.includes(label)
      ? []
      : [
          nonTransactionalStep(
            `ALTER TYPE ${to.name} ADD VALUE ${quoteLiteral(label)}${addValueClause(labels, old, index)}`,
          ),
        ],
  )
}

/** Labels are added from first to last, so the label before a new one always exists. */
function addValueClause(labels: readonly string[], old: readonly string[], index: number): string {
  const next = labels.slice(index).find((label) => old.includes(label))
  const previous = labels[index - 1]
  if (next === undefined) return ''
  return previous === undefined ? ` BEFORE ${quoteLiteral(next)}` : ` AFTER ${quoteLiteral(previous)}`
}
