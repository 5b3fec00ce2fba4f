import {
  type ObjectChange,
  type DdlObject,
  findObject,
  booleanFact,
  keyFromName,
  type KindDdl,
  listFact,
  partsByRelation,
  relationKeyOf,
  type RenderResult,
  step,
  type DdlStep,
  textFact,
} from '../object.js'
import { columnConstraints, columnDefinition, hasLocalDefinition } from './column-definition.js'
import { parameterChanges, parameterList } from './parameters.js'
import { attachParentSteps, releaseParentSteps } from './table-parents.js'

export const tableDdl: KindDdl = {
  reference: ({ name }) => `TABLE ${name}`,
  create: (object) => [
    step(tableDefinition(object)),
    ...rowSecuritySteps({ from: { ...object, facts: {} }, to: object }),
    ...replicaIdentitySteps(object),
    ...attachParentSteps({ from: { ...object, facts: {} }, to: object }),
  ],
  drop: (object) => [
    step(
      `DROP TABLE ${object.name}`,
      { hazard: 'data loss', what: `the rows of ${object.name}` },
      { hazard: 'lock', table: object.name, lock: 'ACCESS EXCLUSIVE' },
    ),
  ],
  alter: (change) => refuseRepartition(change) ?? alterTableSteps(change),
}

/** What no statement changes on a table that has rows. */
function refuseRepartition({ to, facts }: ObjectChange): RenderResult | null {
  if (!facts.has('partitionedBy')) return null
  return {
    reason: 'how a table is partitioned, or whether it is, cannot be changed',
    decide: `make a new table, move the rows of ${to.name} to it, and rename both`,
  }
}

function alterTableSteps(change: ObjectChange): readonly DdlStep[] {
  const { from, to, facts } = change
  const locked = { hazard: 'lock', table: to.name, lock: 'ACCESS EXCLUSIVE' } as const
  const rewritten = { hazard: 'table rewrite', table: to.name } as const
  const alter = (what: string): string => `ALTER TABLE ${to.name} ${what}`
  return [
    ...releaseParentSteps(change),
    ...rowSecuritySteps(change),
    ...(facts.has('unlogged')
      ? [step(alter(booleanFact(to, 'unlogged') ? 'SET UNLOGGED' : 'SET LOGGED'), locked, rewritten)]
      : []),
    ...(facts.has('accessMethod')
      ? [step(alter(`SET ACCESS METHOD ${textFact(to, 'accessMethod') || 'heap'}`), locked, rewritten)]
      : []),
    ...parameterChanges({ from, to }, 'options').map((what) =>
      step(alter(what), { hazard: 'lock', table: to.name, lock: 'SHARE UPDATE EXCLUSIVE' }),
    ),
    ...(facts.has('ofType')
      ? [step(alter(textFact(to, 'ofType') === '' ? 'NOT OF' : `OF ${textFact(to, 'ofType')}`), locked)]
      : []),
    ...(facts.has('replicaIdentity') ? replicaIdentitySteps(to) : []),
    ...attachParentSteps(change),
  ]
}

function tableDefinition(object: DdlObject): string {
  const isTyped = textFact(object, 'ofType') !== ''
  const columns = localColumnsOf(object).map((column) =>
    isTyped ? typedColumnDefinition(column) : columnDefinition(column),
  )
  const listed = columns.filter((column) => column !== '').map((column) => `\n  ${column}`)
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

/** The columns a table names itself, in their order. */
export function localColumnsOf({ catalog, key }: DdlObject): readonly DdlObject[] {
  const keys = (partsByRelation(catalog).get(key) ?? []).filter((part) => part.startsWith('column:'))
  return keys
    .flatMap((part) => findObject(catalog, part) ?? [])
    .map((column) => ({ ...column, inNewRelation: true }))
    .filter(hasLocalDefinition)
    .sort((one, other) => Number(textFact(one, '$position')) - Number(textFact(other, '$position')))
}

function typedColumnDefinition(column: DdlObject): string {
  const constraints = columnConstraints(column)
  return constraints.length === 0 ? '' : `${column.name} WITH OPTIONS ${constraints.join(' ')}`
}

function rowSecuritySteps({ from, to }: Omit<ObjectChange, 'facts'>): readonly DdlStep[] {
  const switches = [
    ['rowSecurity', 'ENABLE ROW LEVEL SECURITY', 'DISABLE ROW LEVEL SECURITY'],
    ['forceRowSecurity', 'FORCE ROW LEVEL SECURITY', 'NO FORCE ROW LEVEL SECURITY'],
  ] as const
  return switches
    .filter(([fact]) => booleanFact(from, fact) !== booleanFact(to, fact))
    .map(([fact, on, off]) =>
      step(`ALTER TABLE ${to.name} ${booleanFact(to, fact) ? on : off}`, {
        hazard: 'lock',
        table: to.name,
        lock: 'ACCESS EXCLUSIVE',
      }),
    )
}

/** The index that identifies rows to subscribers has to be there. */
function replicaIdentitySteps(to: DdlObject): readonly DdlStep[] {
  const fact = textFact(to, 'replicaIdentity')
  if (fact === '' && to.inNewRelation) return []
  const name = fact.replace(/^using index /, '')
  const index = fact.startsWith('using')
    ? (['index', 'constraint'] as const).map((kind) => keyFromName(kind, `${to.name}.${name}`))
    : []
  const what = fact === '' ? 'DEFAULT' : fact.startsWith('using') ? `USING INDEX ${name}` : fact.toUpperCase()
  return [
    {
      ...step(`ALTER TABLE ${to.name} REPLICA IDENTITY ${what}`),
      ...(index.length === 0 ? {} : { phase: 'attach' as const, after: index }),
    },
  ]
}

/** How ALTER calls the relation of a part: TABLE or FOREIGN TABLE. */
export function tableKeyword({ catalog, key }: DdlObject): string {
  return relationKeyOf(catalog, key)?.startsWith('foreign_table:') === true ? 'FOREIGN TABLE' : 'TABLE'
}
