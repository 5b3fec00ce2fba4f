import { titleOf } from './cases.js'
import type { DirectionResult } from './run-direction.js'
import { type CaseResult, exactShare, requirementsFor, type Totals, totalsOf } from './totals.js'

const columnHeads = ['pairs', 'load', 'seen', 'a to b', 'b to a', 'refused', 'wrong', 'failed', 'exact']

/** Totals by source, by kind and of all cases, and the requirements. A case with several kinds counts in each. */
export function totalsTable(results: readonly CaseResult[]): string {
  const totals = totalsOf(results)
  return [
    tableRow('source', columnHeads),
    ...groupRows(results, ({ testCase }) => [testCase.source]),
    '',
    tableRow('kind', columnHeads),
    ...groupRows(results, ({ testCase }) => testCase.kinds),
    '',
    tableRow('all', cellsOf(totals)),
    '',
    ...requirementsFor(totals).map(
      ({ requirement, met }) => `${met ? 'met    ' : 'NOT MET'}  ${requirement}`,
    ),
  ].join('\n')
}

/** Every case that does not load, is not seen or is not exact, with the SQL and the reasons. */
export function failureReport(results: readonly CaseResult[]): string {
  return results
    .flatMap(({ testCase, outcome }) => {
      const title = titleOf(testCase)
      switch (outcome.state) {
        case 'not loaded':
          return [reportEntry(`${title}: does not load`, [[outcome.error]])]
        case 'not seen':
          return [reportEntry(`${title}: not seen`, outcome.unstable)]
        case 'seen':
          return [
            ...directionEntry(`${title}, a to b`, outcome.aToB),
            ...directionEntry(`${title}, b to a`, outcome.bToA),
          ]
      }
    })
    .join('\n')
}

function directionEntry(title: string, { verdict, reasons, statements }: DirectionResult): readonly string[] {
  if (verdict === 'exact') return []
  return [reportEntry(`${title}: ${verdict}`, [statements.map(({ sql }) => `${sql};`), ...reasons])]
}

function reportEntry(title: string, parts: readonly (readonly string[])[]): string {
  const lines = parts.flat().flatMap((text) => text.split('\n'))
  return [title, ...lines.map((line) => `    ${line}`), ''].join('\n')
}

function groupRows(
  results: readonly CaseResult[],
  namesOf: (result: CaseResult) => readonly string[],
): readonly string[] {
  const names = [...new Set(results.flatMap(namesOf))].sort()
  return names.map((name) =>
    tableRow(name, cellsOf(totalsOf(results.filter((result) => namesOf(result).includes(name))))),
  )
}

function cellsOf(totals: Totals): readonly string[] {
  const { pairs, loaded, seen, aToB, bToA, refused, wrong, failed } = totals
  const counts = [pairs, loaded, seen, aToB, bToA, refused, wrong, failed].map(String)
  return [...counts, loaded === 0 ? '' : `${exactShare(totals).toFixed(1)} %`]
}

/** A name and the cells of its row. */
export function tableRow(name: string, cells: readonly string[]): string {
  return name.padEnd(16) + cells.map((text) => text.padStart(9)).join('')
}
