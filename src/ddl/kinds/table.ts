import {
  type Change,
  type DdlObject,
  findObject,
  is,
  keyOfName,
  type KindDdl,
  list,
  partsOf,
  relationOf,
  type Rendered,
  step,
  type Step,
  text,
} from '../object.js'
import { columnConstraints, columnDefinition, hasLocalDefinition } from './column-definition.js'
import { parameterChanges, parameterList } from './parameters.js'
import { attachSteps, releaseSteps } from './table-parents.js'

export const table: KindDdl = {
  reference: ({ name }) => `TABLE ${name}`,
  create: (object) => [
    step(definition(object)),
    ...rowSecurity({ from: { ...object, facts: {} }, to: object }),
    ...identity(object),
    ...attachSteps({ from: { ...object, facts: {} }, to: object }),
  ],
  drop: (object) => [
    step(
      `DROP TABLE ${object.name}`,
      { hazard: 'data loss', what: `the rows of ${object.name}` },
      { hazard: 'lock', table: object.name, lock: 'ACCESS EXCLUSIVE' },
    ),
  ],
  alter: (change) => fixed(change) ?? alterations(change),
}

/** What no statement changes on a table that has rows. */
function fixed({ to, facts }: Change): Rendered | null {
  if (!facts.has('partitionedBy')) return null
  return {
    reason: 'how a table is partitioned, or whether it is, cannot be changed',
    decide: `make a new table, move the rows of ${to.name} to it, and rename both`,
  }
}

function alterations(change: Change): readonly Step[] {
  const { from, to, facts } = change
  const locked = { hazard: 'lock', table: to.name, lock: 'ACCESS EXCLUSIVE' } as const
  const rewritten = { hazard: 'table rewrite', table: to.name } as const
  const alter = (what: string): string => `ALTER TABLE ${to.name} ${what}`
  return [
    ...releaseSteps(change),
    ...rowSecurity(change),
    ...(facts.has('unlogged')
      ? [step(alter(is(to, 'unlogged') ? 'SET UNLOGGED' : 'SET LOGGED'), locked, rewritten)]
      : []),
    ...(facts.has('accessMethod')
      ? [step(alter(`SET ACCESS METHOD ${text(to, 'accessMethod') || 'heap'}`), locked, rewritten)]
      : []),
    ...parameterChanges({ from, to }, 'options').map((what) =>
      step(alter(what), { hazard: 'lock', table: to.name, lock: 'SHARE UPDATE EXCLUSIVE' }),
    ),
    ...(facts.has('ofType')
      ? [step(alter(text(to, 'ofType') === '' ? 'NOT OF' : `OF ${text(to, 'ofType')}`), locked)]
      : []),
    ...(facts.has('replicaIdentity') ? identity(to) : []),
    ...attachSteps(change),
  ]
}

function definition(object: DdlObject): string {
  const isTyped = text(object, 'ofType') !== ''
  const columns = columnsOf(object).map((column) =>
    isTyped ? typedColumn(column) : columnDefinition(column),
  )
  const listed = columns.filter((column) => column !== '').map((column) => `\n  ${column}`)
  const isPartition = text(object, 'partition') !== ''
  const parents = isPartition ? '' : list(object, 'parents').join(', ')
  const options = parameterList(object, 'options')
  return [
    `CREATE ${is(object, 'unlogged') ? 'UNLOGGED ' : ''}TABLE ${object.name}`,
    isTyped ? `OF ${text(object, 'ofType')}` : '',
    isTyped && listed.length === 0 ? '' : `(${listed.join(',')}${listed.length === 0 ? '' : '\n'})`,
    parents === '' ? '' : `INHERITS (${parents})`,
    text(object, 'partitionedBy') === '' ? '' : `PARTITION BY ${text(object, 'partitionedBy')}`,
    text(object, 'accessMethod') === '' ? '' : `USING ${text(object, 'accessMethod')}`,
    options === '' ? '' : `WITH (${options})`,
  ]
    .filter((part) => part !== '')
    .join(' ')
}

/** The columns a table names itself, in their order. */
export function columnsOf({ catalog, key }: DdlObject): readonly DdlObject[] {
  const keys = (partsOf(catalog).get(key) ?? []).filter((part) => part.startsWith('column:'))
  return keys
    .flatMap((part) => findObject(catalog, part) ?? [])
    .map((column) => ({ ...column, fresh: true }))
    .filter(hasLocalDefinition)
    .sort((one, other) => Number(text(one, '$position')) - Number(text(other, '$position')))
}

function typedColumn(column: DdlObject): string {
  const constraints = columnConstraints(column)
  return constraints.length === 0 ? '' : `${column.name} WITH OPTIONS ${constraints.join(' ')}`
}

function rowSecurity({ from, to }: Omit<Change, 'facts'>): readonly Step[] {
  const switches = [
    ['rowSecurity', 'ENABLE ROW LEVEL SECURITY', 'DISABLE ROW LEVEL SECURITY'],
    ['forceRowSecurity', 'FORCE ROW LEVEL SECURITY', 'NO FORCE ROW LEVEL SECURITY'],
  ] as const
  return switches
    .filter(([fact]) => is(from, fact) !== is(to, fact))
    .map(([fact, on, off]) =>
      step(`ALTER TABLE ${to.name} ${is(to, fact) ? on : off}`, {
        hazard: 'lock',
        table: to.name,
        lock: 'ACCESS EXCLUSIVE',
      }),
    )
}

/** The index that identifies rows to subscribers has to be there. */
function identity(to: DdlObject): readonly Step[] {
  const fact = text(to, 'replicaIdentity')
  if (fact === '' && to.fresh) return []
  const name = fact.replace(/^using index /, '')
  const index = fact.startsWith('using')
    ? (['index', 'constraint'] as const).map((kind) => keyOfName(kind, `${to.name}.${name}`))
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
export function tableWord({ catalog, key }: DdlObject): string {
  return relationOf(catalog, key)?.startsWith('foreign_table:') === true ? 'FOREIGN TABLE' : 'TABLE'
}
