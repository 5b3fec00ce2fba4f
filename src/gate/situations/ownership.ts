import type { Assessment } from '../../core/history/decision.js'
import { describeOwner, type Owner } from '../../core/history/ownership.js'
import type { ErrorChoice, ErrorFact } from '../../errors/schema-error.js'

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
