import { type Change, type DdlObject, type KindDdl, list, type Step, step, text } from '../object.js'
import { columnSettingSteps } from './column-settings.js'
import { parameterChanges, parameterList } from './parameters.js'

export const view: KindDdl = {
  reference: ({ name }) => `VIEW ${name}`,
  create: (object) => [
    step(`CREATE VIEW ${asDefined(object)}`),
    ...defaults({ from: { ...object, facts: {} }, to: object }),
  ],
  alter: ({ from, to, facts }) => {
    if (!onlyAddsColumns({ from, to })) return 'replace'
    if (facts.has('definition') || facts.has('columns'))
      return [step(`CREATE OR REPLACE VIEW ${asDefined(to)}`), ...defaults({ from, to })]
    return [
      ...parameterChanges({ from, to }, 'options').map((what) => step(`ALTER VIEW ${to.name} ${what}`)),
      ...defaults({ from, to }),
    ]
  },
}

export const materializedView: KindDdl = {
  reference: ({ name }) => `MATERIALIZED VIEW ${name}`,
  create: (object) => {
    const method = text(object, 'accessMethod')
    const options = parameterList(object, 'options')
    return [
      step(
        `CREATE MATERIALIZED VIEW ${object.name}${method === '' ? '' : ` USING ${method}`}${
          options === '' ? '' : ` WITH (${options})`
        } AS\n${query(object)}${object.facts['populated'] === false ? '\n WITH NO DATA' : ''}`,
      ),
      ...columnSettingSteps({ from: { ...object, facts: {} }, to: object }),
    ]
  },
  alter: ({ from, to, facts }) => {
    if (facts.has('definition') || facts.has('columns')) return 'replace'
    const method = text(to, 'accessMethod') || 'heap'
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
      ...(facts.has('populated') ? [refreshed(to)] : []),
      ...columnSettingSteps({ from, to }),
    ]
  },
}

function refreshed(to: DdlObject): Step {
  const suffix = to.facts['populated'] === false ? ' WITH NO DATA' : ''
  return step(`REFRESH MATERIALIZED VIEW ${to.name}${suffix}`, {
    hazard: 'lock',
    table: to.name,
    lock: 'ACCESS EXCLUSIVE',
  })
}

function asDefined(object: DdlObject): string {
  const options = parameterList(object, 'options')
  return `${object.name}${options === '' ? '' : ` WITH (${options})`} AS\n${query(object)}`
}

function query(object: DdlObject): string {
  return text(object, 'definition').replace(/;\s*$/, '')
}

/** PostgreSQL replaces a view in place only by one whose first columns are the same. */
function onlyAddsColumns({ from, to }: Omit<Change, 'facts'>): boolean {
  const after = list(to, 'columns')
  return list(from, 'columns').every((column, place) => after[place] === column)
}

/** Each text of `defaults` is a column and its default. */
function defaults({ from, to }: Omit<Change, 'facts'>): readonly Step[] {
  const [before, after] = [list(from, 'defaults'), list(to, 'defaults')]
  const columns = new Set(after.map(columnOf))
  return [
    ...after
      .filter((entry) => !before.includes(entry))
      .map((entry) =>
        alterColumn(to, `${columnOf(entry)} SET DEFAULT ${entry.slice(columnOf(entry).length + 1)}`),
      ),
    ...before
      .map(columnOf)
      .filter((column) => !columns.has(column))
      .map((column) => alterColumn(to, `${column} DROP DEFAULT`)),
  ]
}

function alterColumn({ name }: DdlObject, what: string): Step {
  return step(`ALTER VIEW ${name} ALTER COLUMN ${what}`)
}

function columnOf(entry: string): string {
  return /^("(?:[^"]|"")*"|[^ ]*)/.exec(entry)?.[0] ?? ''
}
