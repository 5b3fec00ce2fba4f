import {
  type ObjectChange,
  type DdlObject,
  type KindDdl,
  listFact,
  type DdlStep,
  step,
  textFact,
} from '../object.js'
import { columnSettingSteps } from './column-settings.js'
import { parameterChanges, parameterList } from './parameters.js'

export const viewDdl: KindDdl = {
  reference: ({ name }) => `VIEW ${name}`,
  create: (object) => [
    step(`CREATE VIEW ${viewBody(object)}`),
    ...viewDefaultSteps({ from: { ...object, facts: {} }, to: object }),
  ],
  alter: ({ from, to, facts }) => {
    if (!onlyAddsColumns({ from, to })) return 'replace'
    if (facts.has('definition') || facts.has('columns'))
      return [step(`CREATE OR REPLACE VIEW ${viewBody(to)}`), ...viewDefaultSteps({ from, to })]
    return [
      ...parameterChanges({ from, to }, 'options').map((what) => step(`ALTER VIEW ${to.name} ${what}`)),
      ...viewDefaultSteps({ from, to }),
    ]
  },
}

export const materializedViewDdl: KindDdl = {
  reference: ({ name }) => `MATERIALIZED VIEW ${name}`,
  create: (object) => {
    const method = textFact(object, 'accessMethod')
    const options = parameterList(object, 'options')
    return [
      step(
        `CREATE MATERIALIZED VIEW ${object.name}${method === '' ? '' : ` USING ${method}`}${
          options === '' ? '' : ` WITH (${options})`
        } AS\n${viewQuery(object)}${object.facts['populated'] === false ? '\n WITH NO DATA' : ''}`,
      ),
      ...columnSettingSteps({ from: { ...object, facts: {} }, to: object }),
    ]
  },
  alter: ({ from, to, facts }) => {
    if (facts.has('definition') || facts.has('columns')) return 'replace'
    const method = textFact(to, 'accessMethod') || 'heap'
    return [
      ...parameterChanges({ from, to }, 'options').map((what) =>
        step(`ALTER MATERIALIZED VIEW ${to.name} ${what}`),
      ),
      ...(facts.has('accessMethod')
        ? [
            step(`ALTER MATERIALIZED VIEW ${to.name} SET ACCESS METHOD ${method}`, {
              hazard: 'table rewrite',
              table: to.name,
            }),
          ]
        : []),
      ...(facts.has('populated') ? [refreshStep(to)] : []),
      ...columnSettingSteps({ from, to }),
    ]
  },
}

function refreshStep(to: DdlObject): DdlStep {
  const suffix = to.facts['populated'] === false ? ' WITH NO DATA' : ''
  return step(`REFRESH MATERIALIZED VIEW ${to.name}${suffix}`, {
    hazard: 'lock',
    table: to.name,
    lock: 'ACCESS EXCLUSIVE',
  })
}

function viewBody(object: DdlObject): string {
  const options = parameterList(object, 'options')
  return `${object.name}${options === '' ? '' : ` WITH (${options})`} AS\n${viewQuery(object)}`
}

function viewQuery(object: DdlObject): string {
  return textFact(object, 'definition').replace(/;\s*$/, '')
}

/** PostgreSQL replaces a view in place only by one whose first columns are the same. */
function onlyAddsColumns({ from, to }: Omit<ObjectChange, 'facts'>): boolean {
  const after = listFact(to, 'columns')
  return listFact(from, 'columns').every((column, place) => after[place] === column)
}

/** Each text of `defaults` is a column and its default. */
function viewDefaultSteps({ from, to }: Omit<ObjectChange, 'facts'>): readonly DdlStep[] {
  const [before, after] = [listFact(from, 'defaults'), listFact(to, 'defaults')]
  const columns = new Set(after.map(leadingColumn))
  return [
    ...after
      .filter((entry) => !before.includes(entry))
      .map((entry) =>
        alterViewColumn(
          to,
          `${leadingColumn(entry)} SET DEFAULT ${entry.slice(leadingColumn(entry).length + 1)}`,
        ),
      ),
    ...before
      .map(leadingColumn)
      .filter((column) => !columns.has(column))
      .map((column) => alterViewColumn(to, `${column} DROP DEFAULT`)),
  ]
}

function alterViewColumn({ name }: DdlObject, what: string): DdlStep {
  return step(`ALTER VIEW ${name} ALTER COLUMN ${what}`)
}

function leadingColumn(entry: string): string {
  return /^("(?:[^"]|"")*"|[^ ]*)/.exec(entry)?.[0] ?? ''
}
