/** Why nothing more is known of a database that is served. */
export interface Outage {
  /** `check`: it answers, and cannot be verified. */
  readonly kind: 'database' | 'check'
  readonly reason: string
  /** ISO 8601. */
  readonly since: string
}

const outageTexts: Readonly<Record<Outage['kind'], string>> = {
  database: 'the database is lost',
  check: 'the database answers, and cannot be verified',
}

/** In words, without the reason. */
export function describeOutage({ kind, since }: Outage): string {
  return `${outageTexts[kind]} since ${since}`
}
