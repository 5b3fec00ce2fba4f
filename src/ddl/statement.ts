/** The table locks that make other sessions wait, by PostgreSQL's names, the strongest first. */
export const lockModes = [
  'ACCESS EXCLUSIVE',
  'EXCLUSIVE',
  'SHARE ROW EXCLUSIVE',
  'SHARE',
  'SHARE UPDATE EXCLUSIVE',
] as const

export type LockMode = (typeof lockModes)[number]

/** A side effect of a statement. Tables are named as in SQL. */
export type Hazard =
  | { readonly hazard: 'data loss'; readonly what: string }
  /** `unless`: what PostgreSQL finds in the session that runs the statement, where it need not rewrite. */
  | { readonly hazard: 'table rewrite'; readonly table: string; readonly unless?: string }
  | { readonly hazard: 'full scan'; readonly table: string; readonly lock: LockMode }
  | { readonly hazard: 'lock'; readonly table: string; readonly lock: LockMode }
  | { readonly hazard: 'may fail'; readonly when: string; readonly table?: string }
  | { readonly hazard: 'index dropped'; readonly index: string; readonly table: string }
  | { readonly hazard: 'authorization'; readonly what: string }
  | { readonly hazard: 'replica identity'; readonly table: string }
  | { readonly hazard: 'kept results'; readonly what: string; readonly routine: string }
  | { readonly hazard: 'untraced'; readonly what: string }
  | { readonly hazard: 'outside a transaction' }

/** One SQL statement for one object, without a semicolon at its end. */
export interface Statement {
  readonly sql: string
  /** The key of the object it is for. */
  readonly key: string
  readonly hazards: readonly Hazard[]
  /** False for a statement that PostgreSQL refuses inside a transaction block. */
  readonly transactional: boolean
  /** Better in a transaction of its own, after the locks of the statements before it are released. */
  readonly alone?: true
  /** The statements for which it stands, where it changes several objects at once. */
  readonly parts?: readonly Statement[]
}

/** A statement, or those for which it stands. */
export function partsOf(statement: Statement): readonly Statement[] {
  return statement.parts ?? [statement]
}

/** A difference that is not written as SQL: the reason, and what a person must decide. */
export interface PlanRefusal {
  readonly key: string
  readonly reason: string
  readonly decide: string
}

/** What leads from one catalog to another: statements in the order in which they run. */
export interface Plan {
  readonly statements: readonly Statement[]
  readonly refused: readonly PlanRefusal[]
}

/** The tables that hazards name, each once. */
export function tablesOf(hazards: readonly Hazard[]): readonly string[] {
  return [...new Set(hazards.flatMap((hazard) => ('table' in hazard ? (hazard.table ?? []) : [])))]
}

/** A hazard as text: `ACCESS EXCLUSIVE lock on public.songs`. */
export function describeHazard(hazard: Hazard): string {
  switch (hazard.hazard) {
    case 'data loss':
      return `data loss: ${hazard.what}`
    case 'table rewrite':
      return `rewrites ${hazard.table}${hazard.unless === undefined ? '' : `, unless ${hazard.unless}`}`
    case 'full scan':
      return `reads all of ${hazard.table} under ${articleFor(hazard.lock)} ${hazard.lock} lock`
    case 'lock':
      return `${hazard.lock} lock on ${hazard.table}`
    case 'may fail':
      return `fails when ${hazard.when}`
    case 'index dropped':
      return `drops the index ${hazard.index}: what needs it reads all of ${hazard.table}`
    case 'authorization':
      return `changes who may use ${hazard.what}`
    case 'replica identity':
      return `changes what identifies a row of ${hazard.table} for replication; while nothing does, UPDATE and DELETE fail if it is published`
    case 'kept results':
      return `keeps what the old ${hazard.routine} gave: ${hazard.what} is neither computed nor checked again`
    case 'untraced':
      return `what calls ${hazard.what}, and what its body uses, is not recorded by PostgreSQL`
    case 'outside a transaction':
      return 'runs only outside a transaction'
  }
}

function articleFor(lock: LockMode): string {
  return /^[AE]/.test(lock) ? 'an' : 'a'
}
