/** Why the database of a serving process can no longer be verified. */
export interface Outage {
  /** `database`: the connection is lost. `check`: the database answers, but cannot be verified. */
  readonly kind: 'database' | 'check'
  readonly reason: string
  /** ISO 8601. */
  readonly since: string
}

const outageTexts: Readonly<Record<Outage['kind'], string>> = {
  database: 'the database is lost',
  check: 'the database answers, but cannot be verified',
}

/** The outage as a clause, without the reason: `the database is lost since …`. */
export function describeOutage({ kind, since }: Outage): string {
  return `${outageTexts[kind]} since ${since}`
}
