import { describeDifference } from '../../core/model/describe.js'
import type { Difference } from '../../core/model/diff.js'
import { ignoreSettingFor } from '../../core/model/partition-patterns.js'
import { type ErrorChoice, type ErrorFact, SchemaError } from '../../errors/schema-error.js'
import type { CanonicalizeFailures } from '../canonicalize/canonicalize.js'
import type { OtherSchema } from './other-schema.js'

export interface FailedVerification {
  readonly revision: string
  readonly differences: readonly Difference[]
  /** Why it could not be told whether a difference is more than other words, by object key. */
  readonly canonicalizeFailures: CanonicalizeFailures
  readonly transactional: boolean
}

/**
 * The error of a revision that ran without one and is not what the snapshot promises; `otherSchema` says where its objects are
 * instead.
 */
export function verificationError(
  broken: FailedVerification,
  otherSchema: OtherSchema | null = null,
): SchemaError {
  const { revision, differences, transactional } = broken
  const consequence = transactional
    ? 'Its transaction was rolled back: nothing changed, nothing was recorded.'
    : 'It runs outside a transaction: what it did stays, and it was not recorded.'
  return new SchemaError('SCHEMA_PROMISE_BROKEN', {
    what: `${revision} ran without an error, but did not do what it promised. ${consequence}`,
    facts: [['revision', revision], ...otherSchemaFacts(otherSchema), differencesFact(broken)],
    choices: [
      ...partitionChoices(differences),
      ...(otherSchema === null ? [] : [searchPathChoice(otherSchema)]),
      ['correct the database', 'remove or change what was there before, then run it again'],
      [
        'correct the migration',
        'then run schemagate snapshot; an IF NOT EXISTS or hasColumn that found something else is the usual cause',
      ],
    ],
  })
}

/** The error of a `down` that left differences; `undoesNothing` of what its `up` changed. */
export function incompleteRevertError(
  broken: FailedVerification,
  undoesNothing: boolean,
  choices: readonly ErrorChoice[],
): SchemaError {
  const { revision, transactional } = broken
  const fault = undoesNothing ? 'does not undo its up' : 'undoes a part of its up only'
  const consequence = transactional
    ? 'Its transaction was rolled back: nothing changed, and it is still recorded.'
    : 'It runs outside a transaction: what it did stays, and it is still recorded.'
  return new SchemaError('SCHEMA_PROMISE_BROKEN', {
    what: `The down of ${revision} ${fault}. ${consequence}`,
    facts: [['revision', revision], differencesFact(broken)],
    choices: [
      ['schemagate new NAME', 'writes the next migration, which can undo it and goes forward everywhere'],
      ['correct the down', 'so that it removes or restores what is listed, then run it again'],
      ...choices,
    ],
  })
}

function differencesFact({ differences, canonicalizeFailures }: FailedVerification): ErrorFact {
  return [
    'differences',
    differences.flatMap((difference) => [
      ...describeDifference(difference),
      ...(canonicalizeFailures[difference.key] === undefined
        ? []
        : [`    ${canonicalizeFailures[difference.key]}`]),
    ]),
  ]
}

function otherSchemaFacts(otherSchema: OtherSchema | null): readonly ErrorFact[] {
  if (otherSchema === null) return []
  const { made, promised, searchPath, setBy } = otherSchema
  return [
    ['made in', `schema ${made}; where the snapshot was made it was ${promised}`],
    ['search_path', `${searchPath} (${setBy})`],
  ]
}

function searchPathChoice({ promised }: OtherSchema): ErrorChoice {
  return [
    `searchPath: ['${promised}'] in the knexfile`,
    'makes everything there, whatever the database is set to',
  ]
}

/** A migration that makes partitions for the day on which it runs promises others at each run. */
function partitionChoices(differences: readonly Difference[]): readonly ErrorChoice[] {
  const setting = ignoreSettingFor(differences)
  if (setting === null) return []
  return [[setting, 'if partitions come and go with time: they are counted and shown, not judged']]
}

/** A broken promise with where it was broken: the file says the revision then. */
export function addLocationFacts(
  at: readonly ErrorFact[],
  { code, message: what, facts, choices }: SchemaError,
): SchemaError {
  return new SchemaError(code, {
    what,
    facts: [...at, ...facts.filter(([name]) => name !== 'revision')],
    choices,
  })
}
