/** A service in one of its environments: whose a database is. */
export interface Owner {
  readonly service: string
  readonly environment: string
}

/** What a database knows of itself since it was first migrated. */
export interface DatabaseIdentity extends Owner {
  /** A UUID of this database's own. */
  readonly id: string
  /** ISO 8601: since when it is theirs. */
  readonly since: string
}

/** Whose a database is, and whose it would have to be. */
export interface Ownership {
  /** Null where it has not learned it yet. */
  readonly identity: DatabaseIdentity | null
  readonly expected: Owner
}

/** Whether a database is another service's, or another environment's. */
export function hasOtherOwner({ identity, expected }: Ownership): boolean {
  return identity !== null && !isSameOwner(identity, expected)
}

export function isSameOwner(one: Owner, other: Owner): boolean {
  return one.service === other.service && one.environment === other.environment
}

/** `service "songs" in environment "production"`. */
export function describeOwner({ service, environment }: Owner): string {
  return `service "${service}" in environment "${environment}"`
}
