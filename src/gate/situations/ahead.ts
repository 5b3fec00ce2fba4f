import { type Assessment, findingsOf } from '../../core/history/decision.js'
import { countKinds } from '../../core/model/catalog.js'
import { count, describeCounts, shortened } from '../../core/model/describe.js'
import type { Detail } from '../../core/progress/health-document.js'
import type { Fact } from '../../errors/schema-error.js'
import { differenceFacts, graveFindings, inline, revisionFacts, type Words } from './describe.js'

/** The words on a database that a newer build migrated. */
export const newerBuild: Words = {
  code: 'SCHEMA_AHEAD',
  what: isAhead,
  line: (assessment, detail) =>
    [isAhead(assessment), `Newer: ${inline(newerIn(assessment))}.`, ...consequence(assessment, detail)].join(
      ' ',
    ),
  facts: (assessment) => [
    ...revisionFacts(assessment),
    ...unexpectedFacts(assessment),
    ...differenceFacts(graveFindings(assessment)),
  ],
  choices: [
    ['deploy the newer build', 'the one that has these revisions'],
    ['ON_AHEAD=warn', 'start anyway'],
    ['schemagate verify', 'lists every difference with expected and actual'],
  ],
}

function isAhead(assessment: Assessment): string {
  const number = count(newerIn(assessment).length, 'revision')
  const breaks = graveFindings(assessment).length > 0
  return `the database is ${number} ahead of this build${breaks ? ', and what changed breaks it' : '; nothing known breaks it'}.`
}

function newerIn({ history, changed }: Assessment): readonly string[] {
  const deleted = new Set(changed.flatMap(({ what, revision }) => (what === 'deleted' ? [revision] : [])))
  return history.unknown.filter((revision) => !deleted.has(revision))
}

function consequence(assessment: Assessment, detail: Detail): readonly string[] {
  const grave = graveFindings(assessment)
  if (grave.length > 0) {
    const named = grave.map(({ change, key, reason }) => `${change} ${key} (${reason})`)
    return [
      `${count(grave.length, 'difference')} of consequence${detail === 'full' ? `: ${inline(named)}` : ''}.`,
    ]
  }
  const keys = unexpectedIn(assessment)
  if (keys.length === 0) return []
  return [
    `New to this build: ${describeCounts(countKinds(keys))}${detail === 'full' ? ` (${inline(keys)})` : ''}.`,
  ]
}

function unexpectedIn(assessment: Assessment): readonly string[] {
  return findingsOf(assessment).flatMap(({ change, key, impact }) =>
    change === 'unexpected' && impact !== 'breaks' && impact !== 'weakens' ? [key] : [],
  )
}

function unexpectedFacts(assessment: Assessment): readonly Fact[] {
  const keys = unexpectedIn(assessment)
  return keys.length === 0 ? [] : [['new there', [describeCounts(countKinds(keys)), ...shortened(keys)]]]
}
