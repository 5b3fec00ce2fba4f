import { ident } from '../identifiers.js'
import { type DdlObject, type KindDdl, list, type Step, text } from '../object.js'
import type { Hazard } from '../statement.js'
import { columnDefinition } from './column-definition.js'
import { alteredWithOptions, createdWithOptions, droppedWithOptions } from './foreign-options.js'
import { attachSteps, releaseSteps } from './table-parents.js'
import { columnsOf } from './table.js'

/** Its rows are those of the foreign server: a drop loses none. */
export const foreignTable: KindDdl = {
  reference,
  create: (object) => {
    const created = createdWithOptions(object, definition(object))
    return 'reason' in created
      ? created
      : [...created, ...attachSteps({ from: { ...object, facts: {} }, to: object })]
  },
  drop: (object) => droppedWithOptions(object, reference(object)).map((one) => locking(one, object)),
  alter: (change) => {
    const { from, to, facts } = change
    if (facts.has('server')) return 'replace'
    const altered = alteredWithOptions(change, `ALTER ${reference(to)}`, [])
    if ('reason' in altered) return altered
    return [...releaseSteps(change), ...altered.map((one) => locking(one, to)), ...attachSteps({ from, to })]
  },
}

function reference({ name }: DdlObject): string {
  return `FOREIGN TABLE ${name}`
}

function definition(object: DdlObject): string {
  const columns = columnsOf(object).map((column) => `\n  ${columnDefinition(column)}`)
  const isPartition = text(object, 'partition') !== ''
  const parents = isPartition ? '' : list(object, 'parents').join(', ')
  return [
    `CREATE ${reference(object)} (${columns.join(',')}${columns.length === 0 ? '' : '\n'})`,
    ...(parents === '' ? [] : [`INHERITS (${parents})`]),
    `SERVER ${ident(text(object, 'server'))}`,
  ].join(' ')
}

function locking(one: Step, { name }: DdlObject): Step {
  const lock: Hazard = { hazard: 'lock', table: name, lock: 'ACCESS EXCLUSIVE' }
  return { ...one, hazards: [lock, ...one.hazards] }
}
