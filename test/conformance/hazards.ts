import type pg from 'pg'
import { toError } from '../../src/core/text/redact.js'
import type { Statement } from '../../src/ddl/statement.js'
import type { FailedStatement } from '../../src/postgres/proof/run-statements.js'
import { type Observation, observeStatement, type RelationEffect } from '../ddl/observe-statement.js'
import { titleOf } from './cases.js'
import { withConnection } from './database.js'
import { tableRow } from './report.js'
import type { Planner } from './run-direction.js'
import type { CaseResult } from './totals.js'

/** What was observed of each statement that ran; null for one that runs outside a transaction. */
export type Observations = Map<Statement, Observation | null>

/** The plans of a planner, whose statements are observed one by one. */
export function observingPlanner(planner: Planner, observations: Observations): Planner {
  return async (from, to, side) => ({
    ...(await planner(from, to, side)),
    run: ({ url }, statements) =>
      withConnection(url, (client) => observeStatements(client, statements, observations)),
  })
}

async function observeStatements(
  client: pg.Client,
  statements: readonly Statement[],
  observations: Observations,
): Promise<FailedStatement | null> {
  const made = new Set<string>()
  for (const statement of statements)
    try {
      const observed = await observeStatement(client, statement, made)
      // What fails with rows runs again without: what it did with rows says more.
      if (!observations.has(statement)) observations.set(statement, observed)
    } catch (error) {
      return { statement, error: toError(error) }
    }
  return null
}

/** What is compared: what happens and is not said, and what is said and does not happen. */
type Disagreement = keyof Observation

interface Disagreeing {
  readonly title: string
  readonly sql: string
  readonly effect: RelationEffect
}

/** How many statements were observed, and what their hazards leave unsaid or say in vain. */
export function hazardsTable(results: readonly CaseResult[], observations: Observations): string {
  const observed = [...observations.values()].filter((one) => one !== null).length
  const unsaid = findDisagreements(results, observations, 'unsaid')
  const unseen = findDisagreements(results, observations, 'unseen')
  const count = (found: readonly Disagreeing[], name: string): string =>
    String(found.filter(({ effect }) => effect.effect === name).length)
  return [
    `${observed} statements observed, ${observations.size - observed} run outside a transaction`,
    '',
    tableRow('', ['unsaid', 'unseen']),
    ...['lock', 'table rewrite', 'full scan'].map((name) =>
      tableRow(name, [count(unsaid, name), count(unseen, name)]),
    ),
  ].join('\n')
}

/** Every statement whose hazards say too little or too much of a relation. */
export function hazardsReport(
  results: readonly CaseResult[],
  observations: Observations,
  disagreement: Disagreement,
): readonly string[] {
  return findDisagreements(results, observations, disagreement).map(
    ({ title, sql, effect: { lock, effect, table } }) =>
      `${disagreement} ${lock === undefined ? '' : `${lock} `}${effect} on ${table}: ${title}\n    ${sql.replaceAll('\n', '\n    ')}`,
  )
}

function findDisagreements(
  results: readonly CaseResult[],
  observations: Observations,
  disagreement: Disagreement,
): readonly Disagreeing[] {
  return results.flatMap(({ testCase, outcome }) => {
    if (outcome.state !== 'seen') return []
    const statements = [...outcome.aToB.statements, ...outcome.bToA.statements]
    return statements.flatMap((statement) =>
      (observations.get(statement)?.[disagreement] ?? []).filter(isNoticed).map((effect) => ({
        title: titleOf(testCase),
        sql: statement.sql,
        effect,
      })),
    )
  })
}

/** For the weakest lock, which also a comment takes, neither readers nor writers wait. */
function isNoticed({ lock }: RelationEffect): boolean {
  return lock !== 'SHARE UPDATE EXCLUSIVE'
}
