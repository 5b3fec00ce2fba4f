import { type Assessment, findingsOf } from '../../core/history/decision.js'
import type { Situation } from '../../core/history/policy.js'
import type { Finding } from '../../core/impact/assess-impact.js'
import { formatCount, shortenList } from '../../core/text/format.js'
import type { ErrorChoice } from '../../errors/schema-error.js'
import { differenceFacts, revisionFacts, type SituationText } from './describe.js'

type ModelsSituation = Extract<Situation, 'migrated' | 'lacksModels' | 'differsFromModels' | 'fromModels'>

const resetChoice: ErrorChoice = ['schemagate reset', 'drops it and builds it again, with its seeds']

/** The situations of a database that is built from models, in words. */
export const modelsTexts: Readonly<Record<ModelsSituation, SituationText>> = {
  migrated: {
    code: 'SCHEMA_BUILT_FROM_MIGRATIONS',
    what: ({ history }) =>
      `the database records revisions: it is built from migrations, not from ${modelsOf(history)}.`,
    facts: revisionFacts,
    choices: [['BUILD_FROM=migrations', 'goes on with its migrations'], resetChoice],
  },
  lacksModels: {
    code: 'SCHEMA_BEHIND',
    what: (assessment) =>
      `the database lacks ${formatCount(missingOf(assessment).length, 'object')} of ${modelsOf(assessment.history)}.`,
    line: (assessment, detail) =>
      `The database lacks ${formatCount(missingOf(assessment).length, 'object')} of ${modelsOf(assessment.history)}${detail === 'full' ? `: ${shortenList(missingOf(assessment).map(({ key }) => key)).join(', ')}` : ''}.`,
    facts: (assessment) => differenceFacts(missingOf(assessment)),
    choices: [['ON_BEHIND=migrate', 'lets a start add them']],
  },
  differsFromModels: {
    code: 'SCHEMA_MODELS_DIFFER',
    what: (assessment) =>
      `the database differs from ${modelsOf(assessment.history)} in ${formatCount(otherFindings(assessment).length, 'object')}, which a start neither changes nor drops.`,
    line: (assessment, detail) =>
      `The database differs from ${modelsOf(assessment.history)} in ${formatCount(otherFindings(assessment).length, 'object')}, which a start neither changes nor drops${detail === 'full' ? `: ${shortenList(otherFindings(assessment).map(describeShortly)).join(', ')}` : ''}. ${draftAdvice(assessment)}`,
    facts: (assessment) => differenceFacts(otherFindings(assessment)),
    choices: (assessment) => [
      [draftCommand(assessment), 'drafts the migration that makes the change'],
      resetChoice,
    ],
  },
  fromModels: {
    code: 'SCHEMA_MODELS_DIFFER',
    what: describeBuiltFrom,
    facts: () => [],
    choices: [],
  },
}

/** What a database is built from, as a sentence. */
export function describeBuiltFrom({ history }: Assessment): string {
  return `The database is built from ${modelsOf(history)}, not from migrations.`
}

function modelsOf({ models = 'models' }: Assessment['history']): string {
  return models
}

function draftCommand({ history }: Assessment): string {
  return `schemagate new NAME --from ${modelsOf(history)}`
}

function draftAdvice(assessment: Assessment): string {
  return `${draftCommand(assessment)} drafts the migration; schemagate reset builds the database again.`
}

function missingOf(assessment: Assessment): readonly Finding[] {
  return findingsOf(assessment).filter(({ change }) => change === 'missing')
}

function otherFindings(assessment: Assessment): readonly Finding[] {
  return findingsOf(assessment).filter(({ change }) => change !== 'missing')
}

function describeShortly({ key, change }: Finding): string {
  return `${key} ${change}`
}
