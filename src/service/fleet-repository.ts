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

/** A place in a history: the report that was read last. */
export interface HistoryCursor {
  readonly reportedAt: Date
  /** A bigint in decimal digits. */
  readonly id: string
}

export interface PageRequest {
  /** How many reports at most. */
  readonly limit: number
  readonly after: HistoryCursor | null
}

export interface FleetRepository {
  /**
   * Stores a report; its time is that of its arrival.
   * @throws an error for which `isUnstorable` is true if the document has something PostgreSQL cannot store
   */
  readonly addReport: (report: FleetReport) => Promise<ReportReceipt>
  /** The latest report of each service and environment: failing first, then most pending revisions, then name. */
  readonly listEnvironments: () => Promise<readonly FleetEnvironment[]>
  /** A page of the history of a pair, newest first; null if it never reported. */
  readonly listReports: (
    pair: ServiceEnvironment,
    page: PageRequest,
  ) => Promise<readonly Required<PastReport>[] | null>
}

/** What the query of the environments gives: columns of the latest report, and what is counted. */
interface EnvironmentRow
  extends
    Pick<
      FleetReportsRow,
      keyof ServiceEnvironment | 'status' | 'position' | 'current' | 'head' | 'reported_at'
    >,
    Pick<FleetEnvironment, 'behind' | 'ahead' | 'instances' | 'releaseId'> {}

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

/** Milliseconds. A connection whose query takes longer is thrown away: the network may have forgotten it. */
const queryTimeout = 10_000

/** What PostgreSQL says of a text that it cannot store; JSON.stringify() throws a RangeError where it is nested too deeply. */
const unstorableStates = [
  sqlState.characterNotInRepertoire,
  sqlState.untranslatableCharacter,
  sqlState.invalidTextRepresentation,
  sqlState.statementTooComplex,
] as const

/**
 * The pairs are found by jumping from one to the next in the index: the cost follows the number of pairs, and of reports
 * of the last day, not the number of reports. (DISTINCT ON reads every report there is.)
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
  SELECT pairs.service, pairs.environment, latest.status, latest.position, latest.current, latest.head,
    cardinality(latest.pending) AS behind, cardinality(latest.unknown) AS ahead, recent.instances,
    latest.reported_at, latest.document ->> 'releaseId' AS "releaseId"
  FROM pairs
  CROSS JOIN LATERAL (
    SELECT * FROM fleet_reports AS report
    WHERE report.service = pairs.service AND report.environment = pairs.environment
    ORDER BY report.reported_at DESC, report.id DESC LIMIT 1
  ) AS latest
  CROSS JOIN LATERAL (
    SELECT count(DISTINCT report.instance)::int AS instances FROM fleet_reports AS report
    WHERE report.service = pairs.service AND report.environment = pairs.environment
      AND report.reported_at > now() - interval '24 hours'
  ) AS recent
  ORDER BY array_position(ARRAY['fail', 'warn', 'pass'], latest.status), behind DESC,
    pairs.service, pairs.environment`

/** Reports of the fleet in PostgreSQL. The Knex instance is the caller's, and stays open. */
export function createFleetRepository(knex: Knex): FleetRepository {
  return {
    addReport: (report) => insertReport(knex, report),
    listEnvironments: () => selectEnvironments(knex),
    listReports: (pair, page) => selectReports(knex, pair, page),
  }
}

/** Whether a report was refused for a character or a depth that PostgreSQL cannot store, not for a failure. */
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
  { limit, after }: PageRequest,
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

/** A text that a constraint of the table holds to some. */
function narrowText<Text extends string>(is: (text: string) => text is Text, text: string): Text {
  if (is(text)) return text
  throw new Error(`fleet_reports has "${text}", which its constraints do not allow`)
}

/** A document, which a constraint of the table holds to be an object. */
function requireObject(document: Json): Required<PastReport>['document'] {
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) return document
  throw new Error('fleet_reports has a document that is no object')
}
