import { type Catalog, keyFromSqlName, parseKey, sameFacts } from '../../core/model/catalog.js'
import { diff, withoutStructure } from '../../core/model/diff.js'
import { changesOf, foldRevision, fullCatalogAt, pickKeys, type Snapshot } from '../../core/model/snapshot.js'
import { hazardsBeyond } from '../../ddl/hazards/allowed-hazards.js'
import { planChanges } from '../../ddl/plan/plan.js'
import type { Hazard, Statement } from '../../ddl/statement.js'

/** A pending revision, and what is known of it before it runs. */
export interface PendingRevision {
  readonly revision: string
  readonly transactional: boolean
  /** The names of hazards that it allows. */
  readonly allowed: ReadonlySet<string>
}

/** What the catalog change of a pending revision costs others, and nobody has allowed. */
export interface ForeseenHazards {
  readonly revision: string
  readonly hazards: readonly Hazard[]
  /** Why nothing is known of it; null where it is. */
  readonly unknown: string | null
}

/** Where the pending revisions begin. */
export interface HazardsStart {
  readonly snapshot: Snapshot | null
  readonly applied: readonly string[]
  /** The major version of the server. */
  readonly serverMajor: number
}

/**
 * The hazards of each pending revision that nobody has allowed: those of the SQL that schemagate would write for its catalog
 * change. What a migration does to rows, and how it makes its change, is not in the snapshot.
 */
export function foreseeHazards(
  { snapshot, applied, serverMajor }: HazardsStart,
  pending: readonly PendingRevision[],
): readonly ForeseenHazards[] {
  if (snapshot === null)
    return pending.map(({ revision }) => ({ revision, hazards: [], unknown: 'there is no snapshot' }))
  const start = fullCatalogAt(snapshot, applied)
  let before: Catalog = start
  return pending.map(({ revision, transactional, allowed }): ForeseenHazards => {
    const promised = snapshot.revisions.find((each) => each.revision === revision)
    const changes = changesOf(snapshot, revision)?.changes
    if (promised === undefined || changes === undefined)
      return { revision, hazards: [], unknown: 'the snapshot does not have it' }
    const folded = { catalog: { ...before }, undetermined: {}, tolerated: new Set<string>() }
    foldRevision(folded, promised)
    const [from, to] = [before, folded.catalog]
    before = to
    const keys = Object.keys(changes)
    try {
      const differences = diff(pickKeys(to, keys), pickKeys(from, keys))
      const plan = planChanges(from, to, { differences, serverMajor, online: !transactional })
      const statements = plan.statements.map((statement) => withRename(statement, from, to))
      const hazards = hazardsBeyond({ statements, refused: [] }, allowed)
      return { revision, hazards: hazards.filter((hazard) => concerns(hazard, start)), unknown: null }
    } catch (error) {
      return { revision, hazards: [], unknown: error instanceof Error ? error.message : String(error) }
    }
  })
}

/** The catalog of a renamed table or column is that of one that is dropped and another one that is made. */
function withRename(statement: Statement, from: Catalog, to: Catalog): Statement {
  if (!statement.hazards.some(({ hazard }) => hazard === 'data loss')) return statement
  const other = renamedTo(statement.key, from, to)
  if (other === null) return statement
  const hazards = statement.hazards.map((hazard) =>
    hazard.hazard === 'data loss'
      ? { ...hazard, what: `${hazard.what}, unless it is renamed to ${other}` }
      : hazard,
  )
  return { ...statement, hazards }
}

/** An object that is new and as the one that goes. */
function renamedTo(key: string, from: Catalog, to: Catalog): string | null {
  const facts = from[key]
  if (facts === undefined || to[key] !== undefined) return null
  const { kind, names } = parseKey(key)
  const found = Object.keys(to).find(
    (other) =>
      from[other] === undefined &&
      parseKey(other).kind === kind &&
      parseKey(other).names.slice(0, -1).join('.') === names.slice(0, -1).join('.') &&
      sameFacts(withoutStructure(facts), withoutStructure(to[other] ?? {})),
  )
  return found === undefined ? null : found.slice(kind.length + 1)
}

const relationKinds = ['table', 'materialized_view', 'view', 'foreign_table', 'sequence']

/** Nobody uses yet what the pending revisions make. */
function concerns(hazard: Hazard, start: Catalog): boolean {
  const table = 'table' in hazard ? hazard.table : undefined
  return table === undefined || relationKinds.some((kind) => start[keyFromSqlName(kind, table)] !== undefined)
}
