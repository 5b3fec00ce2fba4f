/** Why nothing more is known of a database that is served. */
export interface Loss {
  /** `check`: it answers, and cannot be verified. */
  readonly of: 'database' | 'check'
  readonly reason: string
  /** ISO 8601. */
  readonly since: string
}

const losses: Readonly<Record<Loss['of'], string>> = {
  database: 'the database is lost',
  check: 'the database answers, and cannot be verified',
}

/** In words, without the reason. */
export function describeLoss({ of, since }: Loss): string {
  return `${losses[of]} since ${since}`
}
