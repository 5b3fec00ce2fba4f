import type { Knex } from 'knex'
import {
  type FleetEnvironment,
  isPosition,
  isStatus,
  type ServiceEnvironment,
  type PastReport,
  type ReportReceipt,
  type FleetReport,
} from '../fleet/schemas.js'
import { hasSqlState, sqlState } from '../postgres/connection/sqlstate.js'
import type { FleetReportsRow, Json } from './knex-tables.js'

/** The last report of a page; the next page begins after it. */
export interface HistoryCursor {
  readonly reportedAt: Date
  /** A bigint in decimal digits. */
  readonly id: string
}

export interface FleetRepository {
  /**
   * Stores a report with the time of its arrival. Throws an error for which `isUnstorable` is true if PostgreSQL cannot store
   * the document.
   */
  readonly addReport: (report: FleetReport) => Promise<ReportReceipt>
  /** The latest report of each service and environment: failing ones first, then by pending revisions, then by name. */
  readonly listEnvironments: () => Promise<readonly FleetEnvironment[]>
  /** At most `limit` reports of a service and environment, newest first; null if it has never reported. */
  readonly listReports: (
    pair: ServiceEnvironment,
    limit: number,
    after: HistoryCursor | null,
  ) => Promise<readonly Required<PastReport>[] | null>
}

/** A row of the query of the environments. */
interface EnvironmentRow extends Omit<FleetEnvironment, 'status' | 'position' | 'reportedAt'> {
  readonly status: string
  readonly position: string | null
  readonly reported_at: Date
}

const pastReportColumns = [
  'id',
  'instance',
  'status',
  'phase',
  'current',
  'head',
  'position',
  'pending',
  'unknown',
  'reported_at',
  'document',
] as const

const newestFirst = [
  { column: 'reported_at', order: 'desc' },
  { column: 'id', order: 'desc' },
] as const

/** In milliseconds. The connection of a longer query is closed: the network may have dropped it. */
const queryTimeout = 10_000

/** SQLSTATEs for a text that PostgreSQL cannot store. JSON.stringify throws a RangeError for too deep nesting. */
const unstorableStates = [
  sqlState.characterNotInRepertoire,
  sqlState.untranslatableCharacter,
  sqlState.invalidTextRepresentation,
  sqlState.statementTooComplex,
] as const

/**
 * The recursive part jumps from pair to pair in the index. The cost depends on the number of pairs, and of the reports of the
 * last day; DISTINCT ON over all would read every report. An instance is present for a day after its last report, or for five
 * minutes after it began to drain. The report of a present one counts before that of one that drains. Where none is present,
 * the last report is shown as what it is: of a service that is gone.
 */
const environmentsQuery = `
  WITH RECURSIVE pairs AS (
    (SELECT service, environment FROM fleet_reports ORDER BY service, environment LIMIT 1)
    UNION ALL
    SELECT next.service, next.environment
    FROM pairs CROSS JOIN LATERAL (
      SELECT service, environment FROM fleet_reports AS report
      WHERE (report.service, report.environment) > (pairs.service, pairs.environment)
      ORDER BY report.service, report.environment LIMIT 1
    ) AS next
  )
  SELECT pairs.service, pairs.environment, seen.status, latest.position, latest.current, latest.head,
    cardinality(latest.pending) AS behind, cardinality(latest.unknown) AS ahead, latest.instances, latest.gone,
    latest.reported_at, latest.document ->> 'releaseId' AS "releaseId"
  FROM pairs
  CROSS JOIN LATERAL (
    WITH last AS (
      SELECT DISTINCT ON (report.instance) report.* FROM fleet_reports AS report
      WHERE report.service = pairs.service AND report.environment = pairs.environment
        AND report.reported_at > now() - interval '24 hours'
      ORDER BY report.instance, report.reported_at DESC, report.id DESC
    ), present AS (
      SELECT *, false AS gone, count(*) OVER ()::int AS instances FROM last
      WHERE phase <> 'draining' OR reported_at > now() - interval '5 minutes'
    )
    (SELECT * FROM present ORDER BY phase = 'draining', reported_at DESC, id DESC LIMIT 1)
    UNION ALL
    (SELECT report.*, true, 0 FROM fleet_reports AS report
      WHERE report.service = pairs.service AND report.environment = pairs.environment
      ORDER BY report.reported_at DESC, report.id DESC LIMIT 1)
    ORDER BY gone LIMIT 1
  ) AS latest
  CROSS JOIN LATERAL (
    SELECT CASE WHEN latest.gone AND latest.status = 'pass' THEN 'warn' ELSE latest.status END AS status
  ) AS seen
  ORDER BY array_position(ARRAY['fail', 'warn', 'pass'], seen.status), behind DESC,
    pairs.service, pairs.environment`

/** The reports of the fleet in PostgreSQL. The caller closes the Knex instance. */
export function createFleetRepository(knex: Knex): FleetRepository {
  return {
    addReport: (report) => insertReport(knex, report),
    listEnvironments: () => selectEnvironments(knex),
    listReports: (pair, limit, after) => selectReports(knex, pair, limit, after),
  }
}

/** Whether an error says that a document has a character or a depth that cannot be stored. */
export function isUnstorable(error: unknown): boolean {
  return error instanceof RangeError || hasSqlState(error, ...unstorableStates)
}

async function insertReport(
  knex: Knex,
  { service, environment, instance, health }: FleetReport,
): Promise<ReportReceipt> {
  const { status, phase, revision, releaseId, serviceId, version, notes, verification, database, checks } =
    health
  const { current, head, position, pending, unknown } = revision
  const document = JSON.stringify({ releaseId, serviceId, version, notes, verification, database, checks })
  const [row] = await knex('fleet_reports')
    .insert({
      service,
      environment,
      instance,
      status,
      phase,
      current,
      head,
      position,
      pending,
      unknown,
      document,
    })
    .returning(['id', 'reported_at'])
    .timeout(queryTimeout)
  if (row === undefined) throw new Error('PostgreSQL inserted a report and returned no row')
  return { id: row.id, reportedAt: row.reported_at.toISOString() }
}

async function selectEnvironments(knex: Knex): Promise<readonly FleetEnvironment[]> {
  const { rows } = await knex
    .raw<{ readonly rows: readonly EnvironmentRow[] }>(environmentsQuery)
    .timeout(queryTimeout)
  return rows.map(({ reported_at: reportedAt, status, position, ...row }) => ({
    ...row,
    status: narrowText(isStatus, status),
    position: position === null ? null : narrowText(isPosition, position),
    reportedAt: reportedAt.toISOString(),
  }))
}

async function selectReports(
  knex: Knex,
  pair: ServiceEnvironment,
  limit: number,
  after: HistoryCursor | null,
): Promise<readonly Required<PastReport>[] | null> {
  const query = knex('fleet_reports')
    .where(pair)
    .orderBy([...newestFirst])
    .limit(limit)
  if (after !== null) query.whereRaw('(reported_at, id) < (?, ?)', [after.reportedAt, after.id])
  const rows = await query.select(...pastReportColumns).timeout(queryTimeout)
  return rows.length > 0 || (after !== null && (await hasReported(knex, pair)))
    ? rows.map(toPastReport)
    : null
}

async function hasReported(knex: Knex, pair: ServiceEnvironment): Promise<boolean> {
  return (await knex('fleet_reports').where(pair).first('id').timeout(queryTimeout)) !== undefined
}

function toPastReport({
  reported_at: reportedAt,
  status,
  position,
  document,
  ...row
}: Pick<FleetReportsRow, (typeof pastReportColumns)[number]>): Required<PastReport> {
  const details = requireObject(document)
  const { releaseId } = details
  return {
    ...row,
    status: narrowText(isStatus, status),
    position: position === null ? null : narrowText(isPosition, position),
    document: details,
    reportedAt: reportedAt.toISOString(),
    releaseId: typeof releaseId === 'string' ? releaseId : null,
  }
}

/** A text that a constraint of the table limits to some values. */
function narrowText<Text extends string>(is: (text: string) => text is Text, text: string): Text {
  if (is(text)) return text
  throw new Error(`fleet_reports has "${text}", which its constraints do not allow`)
}

/** A document, which a constraint of the table requires to be an object. */
function requireObject(document: Json): Required<PastReport>['document'] {
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document
  throw new Error('fleet_reports has a document that is not an object')
}
