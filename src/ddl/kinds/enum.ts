import { literal } from '../identifiers.js'
import { type Change, type KindDdl, list, separateStep, type Step, step } from '../object.js'

export const enumeration: KindDdl = {
  reference: ({ name }) => `TYPE ${name}`,
  create: (object) => [
    step(`CREATE TYPE ${object.name} AS ENUM (${list(object, 'labels').map(literal).join(', ')})`),
  ],
  alter: (change) => addedLabels(change) ?? 'replace',
}

/** Null where a label goes or moves: PostgreSQL can only add. A label cannot be used in the transaction that adds it. */
function addedLabels({ from, to }: Change): readonly Step[] | null {
  const old = list(from, 'labels')
  const labels = list(to, 'labels')
  const kept = labels.filter((label) => old.includes(label))
  if (kept.length !== old.length || kept.some((label, index) => label !== old[index])) return null
  return labels.flatMap((label, index) =>
    old.includes(label)
      ? []
      : [separateStep(`ALTER TYPE ${to.name} ADD VALUE ${literal(label)}${placeOf({ labels, old }, index)}`)],
  )
}

interface Labels {
  readonly labels: readonly string[]
  readonly old: readonly string[]
}

/** Labels are added from first to last, so that the one ahead of a new one is always there. */
function placeOf({ labels, old }: Labels, index: number): string {
  const next = labels.slice(index).find((label) => old.includes(label))
  const previous = labels[index - 1]
  if (next === undefined) return ''
  return previous === undefined ? ` BEFORE ${literal(next)}` : ` AFTER ${literal(previous)}`
}
