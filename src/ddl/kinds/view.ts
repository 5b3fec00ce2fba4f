import {
  type DdlObject,
  type KindDdl,
  listFact,
  type DdlStep,
  step,
  textFact,
  withoutFacts,
} from '../object.js'
import { columnSettingSteps } from './column-settings.js'
import { parameterChanges, parameterList } from './parameters.js'

export const viewDdl: KindDdl = {
  reference: ({ name }) => `VIEW ${name}`,
  create: (object) => [
    step(`CREATE VIEW ${viewBody(object)}`),
    ...viewDefaultSteps(withoutFacts(object), object),
  ],
  alter: ({ from, to, facts }) => {
    if (!onlyAddsColumns(from, to)) return 'replace'
    if (facts.has('definition') || facts.has('columns'))
      return [step(`CREATE OR REPLACE VIEW ${viewBody(to)}`), ...viewDefaultSteps(from, to)]
    return [
      ...parameterChanges(from, to, 'options').map((clause) => step(`ALTER VIEW ${to.name} ${clause}`)),
      ...viewDefaultSteps(from, to),
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
      ...columnSettingSteps(withoutFacts(object), object),
    ]
  },
  alter: ({ from, to, facts }) => {
    if (facts.has('definition') || facts.has('columns')) return 'replace'
    const method = textFact(to, 'accessMethod') || 'heap'
    return [
      ...parameterChanges(from, to, 'options').map((clause) =>
        step(`ALTER MATERIALIZED VIEW ${to.name} ${clause}`),
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
      ...columnSettingSteps(from, to),
    ]
  },
}

function refreshStep(to: DdlObject): DdlStep {
  const suffix = to.facts['populated'] === false ? ' WITH NO DATA' : ''
  return step(`REFRESH MATERIALIZED VIEW ${to.name}${suffix}`, { hazard: 'table rewrite', table: to.name })
}

function viewBody(object: DdlObject): string {
  const options = parameterList(object, 'options')
  return `${object.name}${options === '' ? '' : ` WITH (${options})`} AS\n${viewQuery(object)}`
}

function viewQuery(object: DdlObject): string {
  return textFact(object, 'definition').replace(/;\s*$/, '')
}

/** CREATE OR REPLACE VIEW can only add columns after the existing ones. */
function onlyAddsColumns(from: DdlObject, to: DdlObject): boolean {
  const after = listFact(to, 'columns')
  return listFact(from, 'columns').every((column, index) => after[index] === column)
}

/** SET DEFAULT and DROP DEFAULT. Each entry of the fact is a column, a space and its default. */
function viewDefaultSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
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

function alterViewColumn({ name }: DdlObject, clause: string): DdlStep {
  return step(`ALTER VIEW ${name} ALTER COLUMN ${clause}`)
}

function leadingColumn(entry: string): string {
  return /^("(?:[^"]|"")*"|[^ ]*)/.exec(entry)?.[0] ?? ''
}
