import type { Assessment } from '../../core/history/decision.js'
import { describeOwner, type Owner } from '../../core/history/ownership.js'
import { formatCount } from '../../core/text/format.js'
import type { ErrorChoice, ErrorFact } from '../../errors/schema-error.js'
import { revisionFacts, type SituationText } from './describe.js'

/** The words on a database that belongs to another service or environment. */
export const wrongDatabaseText = {
  code: 'SCHEMA_WRONG_DATABASE',
  what: (assessment: Assessment): string => {
    const { owner, expected } = ownersOf(assessment)
    return `the database belongs to ${describeOwner(owner)}, and this is ${describeOwner(expected)}.`
  },
  facts: (assessment: Assessment): readonly ErrorFact[] => {
    const { owner, expected, since } = ownersOf(assessment)
    return [
      ['belongs to', `${shortOwner(owner)}  (since ${since})`],
      ['this is', shortOwner(expected)],
    ]
  },
  choices: (assessment: Assessment): readonly ErrorChoice[] => {
    const { owner, expected } = ownersOf(assessment)
    const ifWrong: Readonly<Record<keyof Owner, ErrorChoice>> = {
      environment: [`ENV_TARGET=${owner.environment}`, 'if this process is for that environment'],
      service: [
        `SERVICE_NAME=${owner.service}`,
        'if this is that service, or shares its database on purpose',
      ],
    }
    return [
      ['schemagate config', 'shows where the database URL comes from, if it leads to the wrong database'],
      ...(['environment', 'service'] as const)
        .filter((name) => owner[name] !== expected[name])
        .map((name) => ifWrong[name]),
      [
        'schemagate adopt',
        'gives the database to this service and environment, if it changed hands or is a copy',
      ],
    ]
  },
} as const

function shortOwner({ service, environment }: Owner): string {
  return `service ${service}, environment ${environment}`
}

interface OtherOwner {
  readonly owner: Owner
  readonly expected: Owner
  readonly since: string
}

function ownersOf({ ownership: { identity, expected } }: Assessment): OtherOwner {
  return { owner: identity ?? expected, expected, since: identity?.since ?? 'never' }
}

/** The words on a database that records the revisions of another project, in this project's ledger or in another one. */
export const foreignText: SituationText = {
  code: 'SCHEMA_WRONG_DATABASE',
  what: ({ otherLedgers, history }) => {
    if (otherLedgers.length === 0) return 'the database records revisions, and this build knows none of them.'
    const names = otherLedgers.map(({ ledger }) => ledger).join(', ')
    return recordsThisBuild(otherLedgers, history)
      ? `the database records revisions of this build in ${names}, which is not the ledger that the knexfile names.`
      : `the database has the ledger of another project, ${names}, and none of this one.`
  },
  facts: (assessment) => [
    ...revisionFacts(assessment),
    ...assessment.otherLedgers.map(({ ledger, revisions, owner }): ErrorFact => [
      ledger,
      owner === null
        ? `${formatCount(revisions.length, 'revision')} up to ${revisions.at(-1) ?? 'none'}`
        : `belongs to ${shortOwner(owner)}`,
    ]),
  ],
  choices: ({ otherLedgers }) =>
    otherLedgers.length === 0
      ? [
          ['schemagate config', 'shows where the database URL comes from'],
          ['--migrations DIR', 'names another migrations folder'],
          ['schemagate stamp', 'says what the database is like, if these migrations replace those'],
        ]
      : [
          ['schemagate config', 'shows where the database URL comes from'],
          ['tableName, schemaName', 'in the knexfile name the ledger, if it is the one of this project'],
          [
            'schemaName',
            'in the knexfile gives this project a schema of its own, if both share the database',
          ],
          [
            'schemagate adopt',
            'gives the database to this service and environment, beside the other project',
          ],
        ],
}

function recordsThisBuild(others: Assessment['otherLedgers'], { pending }: Assessment['history']): boolean {
  const build = new Set(pending)
  return others.some(({ revisions }) => revisions.some((revision) => build.has(revision)))
}
