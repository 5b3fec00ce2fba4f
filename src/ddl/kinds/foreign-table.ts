import { quoteIdentifier } from '../identifiers.js'
import { type DdlObject, type KindDdl, listFact, textFact, withoutFacts } from '../object.js'
import { columnDefinition } from './column-definition.js'
import { alterWithOptions, createWithOptions, dropWithOptions } from './foreign-options.js'
import { attachParentSteps, releaseParentSteps } from './table-parents.js'
import { localColumnsOf } from './local-columns.js'

/** The rows are on the foreign server, so a drop loses none. */
export const foreignTableDdl: KindDdl = {
  reference: foreignTableReference,
  create: (object) => {
    const created = createWithOptions(object, foreignTableDefinition(object))
    return 'reason' in created ? created : [...created, ...attachParentSteps(withoutFacts(object), object)]
  },
  drop: (object) => dropWithOptions(object, foreignTableReference(object)),
  alter: (change) => {
    const { from, to, facts } = change
    if (facts.has('server')) return 'replace'
    const altered = alterWithOptions(change, `ALTER ${foreignTableReference(to)}`, [])
    if ('reason' in altered) return altered
    return [...releaseParentSteps(change), ...altered, ...attachParentSteps(from, to)]
  },
}

function foreignTableReference({ name }: DdlObject): string {
  return `FOREIGN TABLE ${name}`
}

function foreignTableDefinition(object: DdlObject): string {
  const columns = localColumnsOf(object).map((column) => `\n  ${columnDefinition(column)}`)
  const isPartition = textFact(object, 'partition') !== ''
  const parents = isPartition ? '' : listFact(object, 'parents').join(', ')
  return [
    `CREATE ${foreignTableReference(object)} (${columns.join(',')}${columns.length === 0 ? '' : '\n'})`,
    ...(parents === '' ? [] : [`INHERITS (${parents})`]),
    `SERVER ${quoteIdentifier(textFact(object, 'server'))}`,
  ].join(' ')
}
