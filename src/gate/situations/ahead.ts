import { type Assessment, findingsOf } from '../../core/history/decision.js'
import { isSerious } from '../../core/impact/rule.js'
import { countByKind } from '../../core/model/catalog.js'
import type { DetailLevel } from '../../core/progress/process-health.js'
import { formatCount, describeCounts, shortenList } from '../../core/text/format.js'
import type { ErrorFact } from '../../errors/schema-error.js'
import {
  differenceFacts,
  seriousFindings,
  inlineList,
  revisionFacts,
  type SituationText,
} from './describe.js'

/** The words on a database that a newer build migrated. */
export const aheadText: SituationText = {
  code: 'SCHEMA_AHEAD',
  what: describeAhead,
  line: (assessment, detail) =>
    [
      describeAhead(assessment),
      `Newer: ${inlineList(newerRevisions(assessment))}.`,
      ...describeConsequence(assessment, detail),
    ].join(' '),
  facts: (assessment) => [
    ...revisionFacts(assessment),
    ...unexpectedFacts(assessment),
    ...differenceFacts(seriousFindings(assessment)),
  ],
  choices: [
    ['deploy the newer build', 'the one that has these revisions'],
    ['ON_AHEAD=warn', 'start anyway'],
    ['schemagate verify', 'lists every difference with expected and actual'],
  ],
}

function describeAhead(assessment: Assessment): string {
  const number = formatCount(newerRevisions(assessment).length, 'revision')
  const breaks = seriousFindings(assessment).length > 0
  return `the database is ${number} ahead of this build${breaks ? ', and what changed breaks it' : '; nothing known breaks it'}.`
}

function newerRevisions({ history, changed }: Assessment): readonly string[] {
  const deleted = new Set(changed.flatMap(({ what, revision }) => (what === 'deleted' ? [revision] : [])))
  return history.unknown.filter((revision) => !deleted.has(revision))
}

function describeConsequence(assessment: Assessment, detail: DetailLevel): readonly string[] {
  const grave = seriousFindings(assessment)
  if (grave.length > 0) {
    const named = grave.map(({ change, key, reason }) => `${change} ${key} (${reason})`)
    return [
      `${formatCount(grave.length, 'difference')} of consequence${detail === 'full' ? `: ${inlineList(named)}` : ''}.`,
    ]
  }
  const keys = unexpectedKeys(assessment)
  if (keys.length === 0) return []
  return [
    `New to this build: ${describeCounts(countByKind(keys))}${detail === 'full' ? ` (${inlineList(keys)})` : ''}.`,
  ]
}

function unexpectedKeys(assessment: Assessment): readonly string[] {
  return findingsOf(assessment).flatMap(({ change, key, impact }) =>
    change === 'unexpected' && !isSerious(impact) ? [key] : [],
  )
}

function unexpectedFacts(assessment: Assessment): readonly ErrorFact[] {
  const keys = unexpectedKeys(assessment)
  return keys.length === 0 ? [] : [['new there', [describeCounts(countByKind(keys)), ...shortenList(keys)]]]
}
