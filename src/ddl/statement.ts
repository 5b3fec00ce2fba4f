/** The locks on tables that keep others waiting, by PostgreSQL's names, the strongest first. */
export type LockMode =
  'ACCESS EXCLUSIVE' | 'EXCLUSIVE' | 'SHARE ROW EXCLUSIVE' | 'SHARE' | 'SHARE UPDATE EXCLUSIVE'

/** What a statement does besides what it is written for. Tables are named as in SQL. */
export type Hazard =
  | { readonly hazard: 'data loss'; readonly what: string }
  | { readonly hazard: 'table rewrite'; readonly table: string }
  | { readonly hazard: 'full scan'; readonly table: string; readonly lock: LockMode }
  | { readonly hazard: 'lock'; readonly table: string; readonly lock: LockMode }
  | { readonly hazard: 'may fail'; readonly when: string; readonly table?: string }
  | { readonly hazard: 'outside a transaction' }

/** One SQL statement, without a semicolon at its end, for one object. */
export interface Statement {
  readonly sql: string
  /** The key of the object it is for. */
  readonly key: string
  readonly hazards: readonly Hazard[]
  /** False for a statement that PostgreSQL refuses inside a transaction block. */
  readonly transactional: boolean
  /** Better in a transaction of its own, after the locks of those before are gone. */
  readonly alone?: true
}

/** A difference that is not written as SQL: why, and what a person must decide. */
export interface PlanRefusal {
  readonly key: string
  readonly reason: string
  readonly decide: string
}

/** From one catalog to another: statements in the order in which they run. */
export interface Plan {
  readonly statements: readonly Statement[]
  readonly refused: readonly PlanRefusal[]
}

/** `ACCESS EXCLUSIVE lock on public.songs`: a hazard in words. */
export function describeHazard(hazard: Hazard): string {
  switch (hazard.hazard) {
    case 'data loss':
      return `data loss: ${hazard.what}`
    case 'table rewrite':
      return `rewrites ${hazard.table}`
    case 'full scan':
      return `reads all of ${hazard.table} under ${articleFor(hazard.lock)} ${hazard.lock} lock`
    case 'lock':
      return `${hazard.lock} lock on ${hazard.table}`
    case 'may fail':
      return `fails when ${hazard.when}`
    case 'outside a transaction':
      return 'runs only outside a transaction'
  }
}

function articleFor(lock: LockMode): string {
  return /^[AE]/.test(lock) ? 'an' : 'a'
}
