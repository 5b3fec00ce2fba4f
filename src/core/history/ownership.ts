/** To whom a database belongs: a service in one of its environments. */
export interface Owner {
  readonly service: string
  readonly environment: string
}

/** The identity that the first migration records in a database. */
export interface StoredIdentity extends Owner {
  /** A UUID that only this database has. */
  readonly id: string
}

/** The identity as it is read from a database. */
export interface DatabaseIdentity extends StoredIdentity {
  /** Since when it belongs to the owner; ISO 8601. */
  readonly since: string
}

/** What a ledger says that is not this project's, by its name or its schema. */
export interface OtherLedger {
  /** Schema and table. */
  readonly ledger: string
  /** The revisions that it records, in order. */
  readonly revisions: readonly string[]
  /** To whom it says that the database belongs; null where it does not say. */
  readonly owner: Owner | null
}

/** To whom a database belongs, and to whom this process expects it to belong. */
export interface Ownership {
  /** Null if none is recorded yet. */
  readonly identity: DatabaseIdentity | null
  readonly expected: Owner
}

/** Whether a database belongs to a different service or environment. */
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
