import { type Assessment, findingsOf } from '../../core/history/decision.js'
import { type Decision, type Situation } from '../../core/history/policy.js'
import { ignoreSettingFor } from '../../core/model/partition-patterns.js'
import type { DetailLevel } from '../../core/progress/process-health.js'
import { formatCount } from '../../core/text/format.js'
import { type ErrorChoice, SchemaError } from '../../errors/schema-error.js'
import { aheadText } from './ahead.js'
import { differenceFacts, seriousFindings, revisionFacts, type SituationText } from './describe.js'
import { fileChangeTexts } from './file-changes.js'
import { modelsTexts } from './models.js'
import { foreignText, wrongDatabaseText } from './ownership.js'

/** A database in words: `app@db:5432/shop` and the environment. */
export interface DatabaseLocation {
  readonly database: string
  readonly environment: string
}

const verifyChoice: ErrorChoice = ['schemagate verify', 'lists every difference with expected and actual']

/** Each situation in words: the same for the error that refuses and for the warning that serves. */
const situationTexts: Readonly<Record<Situation, SituationText>> = {
  behind: {
    code: 'SCHEMA_BEHIND',
    what: ({ history }) =>
      history.position === 'empty'
        ? `the database is empty: ${formatCount(history.pending.length, 'revision')} pending.`
        : `the database is ${formatCount(history.pending.length, 'revision')} behind this build.`,
    facts: revisionFacts,
    choices: [
      ['npx schemagate migrate', 'apply them now'],
      ['ON_BEHIND=migrate', 'let the service apply them when it starts'],
      ['ON_BEHIND=warn', 'start anyway; queries on what they add will fail'],
    ],
  },
  drift: {
    code: 'SCHEMA_DRIFT',
    what: (assessment) =>
      `the catalog is not what the migrations promise: ${formatCount(seriousFindings(assessment).length, 'difference')} of consequence.`,
    facts: (assessment) => [...revisionFacts(assessment), ...differenceFacts(seriousFindings(assessment))],
    choices: (assessment) => [
      ['undo the change', 'or write a migration that makes it, then schemagate snapshot'],
      ['ON_DRIFT=warn', 'start anyway'],
      [
        ignoreSettingFor(seriousFindings(assessment)) ?? 'VERIFY_IGNORE',
        'names what others are meant to change: counted and shown, not judged',
      ],
      verifyChoice,
    ],
  },
  slower: {
    code: 'SCHEMA_DRIFT',
    what: (assessment) =>
      `${formatCount(findingsOf(assessment).length, 'difference')} from the promise can slow queries down.`,
    facts: (assessment) => differenceFacts(findingsOf(assessment)),
    choices: [verifyChoice],
  },
  ahead: aheadText,
  diverged: {
    code: 'SCHEMA_DIVERGED',
    what: () => 'the database and this build have each revisions the other lacks.',
    facts: revisionFacts,
    choices: [
      ['merge the two lines of migrations', 'into one build, and deploy that'],
      ['schemagate stamp', 'says what the database is like, if files were squashed, or renamed and edited'],
    ],
  },
  another: wrongDatabaseText,
  ...fileChangeTexts,
  ...modelsTexts,
  foreign: foreignText,
  unmanaged: {
    code: 'SCHEMA_UNMANAGED',
    what: () => 'the database has tables, but no record of any migration.',
    facts: revisionFacts,
    choices: ({ ownership }) => [
      ['schemagate config', 'shows where the database URL comes from, if this is the wrong one'],
      ['schemagate stamp', 'says which revision it is at, if it is yours, and how to record that'],
      ...(ownership.identity === null
        ? []
        : [['BUILD_FROM=models:FILE', 'goes on with it, if it was built from models'] as const]),
    ],
  },
  unverified: {
    code: 'SCHEMA_UNVERIFIED',
    what: ({ verification }) =>
      `the catalog could not be verified: ${verification.status === 'unverified' ? verification.why : ''}.`,
    line: ({ verification }) =>
      `NOTHING WAS VERIFIED: ${verification.status === 'unverified' ? verification.why : ''}.`,
    facts: ({ verification }) =>
      verification.status === 'unverified' && (verification.folders ?? []).length > 0
        ? [['looked in', verification.folders ?? []]]
        : [],
    choices: [
      ['schemagate snapshot', 'makes it; commit it with the migrations'],
      ['copy schema.snapshot.json', 'beside the compiled migrations, which a compiler does not do'],
      ['ON_UNVERIFIED=warn', 'start anyway'],
    ],
  },
}

const standbyChoices: readonly ErrorChoice[] = [
  ['MIGRATION_DATABASE_URL', 'names the primary: what is pending is applied there, and comes here by itself'],
  ['ON_BEHIND=warn', 'start anyway; queries on what they add will fail'],
]

export interface RefusalContext {
  readonly location: DatabaseLocation
  readonly consequence: string
  /** Whether it is a database that only replays what another one does. */
  readonly standby?: boolean
}

/** The error of a decision that refuses: its gravest reason, with the consequence the caller states. */
export function refusalError(
  decision: Decision,
  assessment: Assessment,
  { location, consequence, standby = false }: RefusalContext,
): SchemaError {
  const reason = decision.situations.find(({ action }) => action === 'refuse')?.situation ?? 'unverified'
  const { code, what, facts, choices } = situationTexts[reason]
  const isStuck = standby && reason === 'behind'
  const inEnvironment = reason === 'another' ? '' : `  (environment ${location.environment})`
  return new SchemaError(code, {
    what: `${what(assessment)} ${isStuck ? 'It is a standby: only its primary can be migrated. ' : ''}${consequence}`,
    facts: [['database', `${location.database}${inEnvironment}`], ...facts(assessment)],
    choices: isStuck ? standbyChoices : typeof choices === 'function' ? choices(assessment) : choices,
  })
}

/**
 * Each situation of a decision in words, for the log and `notes` of the health document. Only with `full` detail do they
 * name objects.
 */
export function describeDecision(
  { situations: found }: Decision,
  assessment: Assessment,
  detail: DetailLevel = 'full',
): readonly string[] {
  return found.map(({ situation }) => {
    const { what, line = what } = situationTexts[situation]
    return line(assessment, detail)
  })
}
