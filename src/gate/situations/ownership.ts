import type { Assessment } from '../../core/history/decision.js'
import { describeOwner, type Owner } from '../../core/history/ownership.js'
import type { Choice, Fact } from '../../errors/schema-error.js'

/** The words on a database that belongs to another service or environment. */
export const anothersDatabase = {
  code: 'SCHEMA_WRONG_DATABASE',
  what: (assessment: Assessment): string => {
    const { owner, expected } = sidesOf(assessment)
    return `the database belongs to ${describeOwner(owner)}, and this is ${describeOwner(expected)}.`
  },
  facts: (assessment: Assessment): readonly Fact[] => {
    const { owner, expected, since } = sidesOf(assessment)
    return [
      ['belongs to', `${inShort(owner)}  (since ${since})`],
      ['this is', inShort(expected)],
    ]
  },
  choices: (assessment: Assessment): readonly Choice[] => {
    const { owner, expected } = sidesOf(assessment)
    const ifWrong: Readonly<Record<keyof Owner, Choice>> = {
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

function inShort({ service, environment }: Owner): string {
  return `service ${service}, environment ${environment}`
}

interface Sides {
  readonly owner: Owner
  readonly expected: Owner
  readonly since: string
}

function sidesOf({ ownership: { identity, expected } }: Assessment): Sides {
  return { owner: identity ?? expected, expected, since: identity?.since ?? 'never' }
}
