import {
  type ObjectChange,
  type DdlObject,
  booleanFact,
  type KindDdl,
  listFact,
  type RenderResult,
  step,
  type DdlStep,
  textFact,
  withoutFacts,
} from '../object.js'
import { columnConstraints, columnDefinition } from './column-definition.js'
import { localColumnsOf } from './local-columns.js'
import { parameterChanges, parameterList } from './parameters.js'
import { replicaIdentitySteps } from './replica-identity.js'
import { refuseStoredRows } from './row-type.js'
import { ownedSequenceSteps } from './sequence-persistence.js'
import { tableConstraints } from './table-constraints.js'
import { attachParentSteps, releaseParentSteps } from './table-parents.js'
import { refuseOrder, tableTypeSteps } from './typed-table.js'

export const tableDdl: KindDdl = {
  reference: ({ name }) => `TABLE ${name}`,
  create: (object) => [
    step(tableDefinition(object)),
    ...rowSecuritySteps(withoutFacts(object), object),
    ...replicaIdentitySteps(object),
    ...attachParentSteps(withoutFacts(object), object),
  ],
  drop: (object) => [
    step(`DROP TABLE ${object.name}`, { hazard: 'data loss', what: `the rows of ${object.name}` }),
  ],
  alter: (change) =>
    refuseRepartition(change) ?? refuseRewrite(change) ?? refuseOrder(change) ?? alterTableSteps(change),
}

function refuseRepartition({ to, facts }: ObjectChange): RenderResult | null {
  if (!facts.has('partitionedBy')) return null
  return {
    reason: 'PostgreSQL cannot change whether or how a table is partitioned',
    decide: `create a new table, move the rows of ${to.name} to it, and rename both`,
  }
}

function refuseRewrite({ from, facts }: ObjectChange): RenderResult | null {
  return facts.has('unlogged') || facts.has('accessMethod') ? refuseStoredRows(from) : null
}

function alterTableSteps(change: ObjectChange): readonly DdlStep[] {
  const { from, to, facts } = change
  const rewrite = { hazard: 'table rewrite', table: to.name } as const
  const alter = (clause: string): string => `ALTER TABLE ${to.name} ${clause}`
  return [
    ...releaseParentSteps(change),
    ...rowSecuritySteps(from, to),
    ...(facts.has('unlogged')
      ? [
          step(alter(booleanFact(to, 'unlogged') ? 'SET UNLOGGED' : 'SET LOGGED'), rewrite),
          ...ownedSequenceSteps(to),
        ]
      : []),
    ...(facts.has('accessMethod')
      ? [step(alter(`SET ACCESS METHOD ${textFact(to, 'accessMethod') || 'heap'}`), rewrite)]
      : []),
    ...parameterChanges(from, to, 'options').map((clause) => step(alter(clause))),
    ...(facts.has('ofType') ? tableTypeSteps(from, to) : []),
    ...(facts.has('replicaIdentity') ? replicaIdentitySteps(to) : []),
    ...attachParentSteps(from, to),
  ]
}

function tableDefinition(object: DdlObject): string {
  const isTyped = textFact(object, 'ofType') !== ''
  const columns = localColumnsOf(object).map((column) =>
    isTyped ? typedColumnDefinition(column) : columnDefinition(column),
  )
  const parts = [...columns.filter((column) => column !== ''), ...tableConstraints(object)]
  const listed = parts.map((part) => `\n  ${part}`)
  const isPartition = textFact(object, 'partition') !== ''
  const parents = isPartition ? '' : listFact(object, 'parents').join(', ')
  const options = parameterList(object, 'options')
  return [
    `CREATE ${booleanFact(object, 'unlogged') ? 'UNLOGGED ' : ''}TABLE ${object.name}`,
    isTyped ? `OF ${textFact(object, 'ofType')}` : '',
    isTyped && listed.length === 0 ? '' : `(${listed.join(',')}${listed.length === 0 ? '' : '\n'})`,
    parents === '' ? '' : `INHERITS (${parents})`,
    textFact(object, 'partitionedBy') === '' ? '' : `PARTITION BY ${textFact(object, 'partitionedBy')}`,
    textFact(object, 'accessMethod') === '' ? '' : `USING ${textFact(object, 'accessMethod')}`,
    options === '' ? '' : `WITH (${options})`,
  ]
    .filter((part) => part !== '')
    .join(' ')
}

function typedColumnDefinition(column: DdlObject): string {
  const constraints = columnConstraints(column)
  return constraints.length === 0 ? '' : `${column.name} WITH OPTIONS ${constraints.join(' ')}`
}

function rowSecuritySteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  const switches = [
    ['rowSecurity', 'ENABLE ROW LEVEL SECURITY', 'DISABLE ROW LEVEL SECURITY'],
    ['forceRowSecurity', 'FORCE ROW LEVEL SECURITY', 'NO FORCE ROW LEVEL SECURITY'],
  ] as const
  return switches
    .filter(([fact]) => booleanFact(from, fact) !== booleanFact(to, fact))
    .map(([fact, on, off]) => step(`ALTER TABLE ${to.name} ${booleanFact(to, fact) ? on : off}`))
}
