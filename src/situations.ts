import type { Assessment, Decision, Situation } from './core/decision.js'
import { findingsOf } from './core/decision.js'
import type { Finding } from './core/impact.js'
import { count, describeDifference, shortened } from './core/words.js'
import { type Choice, type ErrorCode, type Fact, SchemaError } from './errors.js'

/** A database in words: `app@db:5432/shop` and the environment. */
export interface Whereabouts {
  readonly database: string
  readonly environment: string
}

interface Words {
  readonly code: ErrorCode
  readonly what: (assessment: Assessment) => string
  readonly facts: (assessment: Assessment) => readonly Fact[]
  readonly choices: readonly Choice[]
}

const serve: Choice = ['schemagate verify', 'lists every difference with expected and actual']

/** Each situation in words: the same for the error that refuses and for the warning that serves. */
const situations: Readonly<Record<Situation, Words>> = {
  behind: {
    code: 'SCHEMA_BEHIND',
    what: ({ history }) =>
      history.position === 'empty'
        ? `the database is empty: ${count(history.pending.length, 'revision')} pending.`
        : `the database is ${count(history.pending.length, 'revision')} behind this build.`,
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
      `the catalog is not what the migrations promise: ${count(graveFindings(assessment).length, 'difference')} of consequence.`,
    facts: (assessment) => [...revisionFacts(assessment), ...differenceFacts(graveFindings(assessment))],
    choices: [
      ['undo the change', 'or write a migration that makes it, then schemagate snapshot'],
      ['ON_DRIFT=warn', 'start anyway'],
      ['VERIFY_IGNORE', 'names what others are meant to change: counted and shown, not judged'],
      serve,
    ],
  },
  slower: {
    code: 'SCHEMA_DRIFT',
    what: (assessment) =>
      `${count(findingsOf(assessment).length, 'difference')} from the promise can slow queries down.`,
    facts: (assessment) => differenceFacts(findingsOf(assessment)),
    choices: [serve],
  },
  ahead: {
    code: 'SCHEMA_AHEAD',
    what: (assessment) =>
      graveFindings(assessment).length === 0
        ? `the database is ${count(assessment.history.unknown.length, 'revision')} ahead of this build; nothing known breaks it.`
        : `the database is ${count(assessment.history.unknown.length, 'revision')} ahead of this build, and what changed breaks it.`,
    facts: (assessment) => [...revisionFacts(assessment), ...differenceFacts(graveFindings(assessment))],
    choices: [
      ['deploy the newer build', 'the one that has these revisions'],
      ['ON_AHEAD=warn', 'start anyway'],
      serve,
    ],
  },
  diverged: {
    code: 'SCHEMA_DIVERGED',
    what: () => 'the database and this build have each revisions the other lacks.',
    facts: revisionFacts,
    choices: [['merge the two lines of migrations', 'into one build, and deploy that']],
  },
  foreign: {
    code: 'SCHEMA_WRONG_DATABASE',
    what: () => 'the database records revisions, and this build knows none of them.',
    facts: revisionFacts,
    choices: [
      ['schemagate config', 'shows where the database URL comes from'],
      ['--migrations DIR', 'names another migrations folder'],
    ],
  },
  unmanaged: {
    code: 'SCHEMA_UNMANAGED',
    what: () => 'the database has tables, but no record of any migration.',
    facts: revisionFacts,
    choices: [
      ['schemagate config', 'shows where the database URL comes from, if this is the wrong one'],
      [
        'insert into knex_migrations',
        'the names of the migrations whose work is already there, if it is yours',
      ],
    ],
  },
  unverified: {
    code: 'SCHEMA_UNVERIFIED',
    what: ({ verification }) =>
      `the catalog could not be verified: ${verification.status === 'unverified' ? verification.why : ''}.`,
    facts: () => [],
    choices: [
      ['schemagate snapshot', 'makes it; commit it with the migrations'],
      ['ON_UNVERIFIED=warn', 'start anyway'],
    ],
  },
}

/** The error code a situation is refused with. */
export function codeOf(situation: Situation): ErrorCode {
  return situations[situation].code
}

/** The error of a decision that refuses: its gravest reason, with the consequence the caller states. */
export function refusal(
  decision: Decision,
  assessment: Assessment,
  { where, consequence }: { readonly where: Whereabouts; readonly consequence: string },
): SchemaError {
  const reason = decision.situations.find(({ action }) => action === 'refuse')?.situation ?? 'unverified'
  const { code, what, facts, choices } = situations[reason]
  return new SchemaError(code, {
    what: `${what(assessment)} ${consequence}`,
    facts: [['database', `${where.database}  (environment ${where.environment})`], ...facts(assessment)],
    choices,
  })
}

/** One sentence for each situation of a decision, for the log and `notes` of the health document. */
export function describeDecision({ situations: found }: Decision, assessment: Assessment): readonly string[] {
  return found.map(({ situation }) => situations[situation].what(assessment))
}

function graveFindings(assessment: Assessment): readonly Finding[] {
  return findingsOf(assessment).filter(({ impact }) => impact === 'breaks' || impact === 'weakens')
}

function revisionFacts({ history }: Assessment): readonly Fact[] {
  const { current, head, pending, unknown } = history
  const lists: readonly Fact[] = [
    ['pending', shortened(pending)],
    ['unknown', shortened(unknown)],
  ]
  return [
    ['current', current ?? 'none'],
    ['head', head ?? 'none'],
    ...lists.filter(([, list]) => list.length > 0),
  ]
}

function differenceFacts(findings: readonly Finding[]): readonly Fact[] {
  if (findings.length === 0) return []
  const lines = findings.slice(0, 10).flatMap((finding) => {
    const [first = '', ...rest] = describeDifference(finding)
    return [`${first}  (${finding.impact}: ${finding.reason})`, ...rest]
  })
  const more = findings.length > 10 ? [`and ${findings.length - 10} more`] : []
  return [['differences', [...lines, ...more]]]
}
