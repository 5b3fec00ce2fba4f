import type pg from 'pg'
import { invalidIndexes, isInvalid } from '../../core/history/completion.js'
import { type Assessment, findingsOf } from '../../core/history/decision.js'
import { parseKey } from '../../core/model/catalog.js'
import { promisedAt, type Snapshot } from '../../core/model/snapshot.js'
import type { Report } from '../../core/progress/events.js'
import { examine, migrateOptions } from '../../gate/gate.js'
import { inspect, type Inspection } from '../../postgres/inspect/inspect.js'
import { everything, ledgerTablesOf, readCatalog } from '../../postgres/introspect/read-catalog.js'
import { indexBuilders } from '../../postgres/locks/index-builders.js'
import {
  isKnexLockTaken,
  type MigrateOptions,
  withAdmittedSession,
} from '../../postgres/session/locked-session.js'
import {
  isHalfApplied,
  isInterrupted,
  mayHaveLeft,
  standingsOf,
  type Stood,
} from '../../postgres/verify/unfinished-revisions.js'
import type { Workspace } from '../../workspace.js'
import { type IndexRepair, type InvalidIndex, repairIndex } from './invalid-indexes.js'
import { type Repaired, repair } from './run.js'

export interface RepairContext {
  readonly workspace: Workspace
  /** Null where there is none. */
  readonly snapshot: Snapshot | null
  readonly report: Report
  readonly signal: AbortSignal
}

/** What interrupted migrations left, and what can be done about it. */
export interface Survey {
  readonly inspection: Inspection
  /** False where there is no snapshot: what interrupted migrations left cannot be told then. */
  readonly isPromised: boolean
  readonly knexLockTaken: boolean
  readonly indexes: readonly Extract<IndexRepair, { statements: unknown }>[]
  readonly leftAlone: readonly Extract<IndexRepair, { refused: string }>[]
  /** Revisions to record once the indexes are built, in order: all they change is there then. */
  readonly records: readonly Stood[]
  /** Half applied, and still so after that. */
  readonly unresolved: readonly Stood[]
  /** Not recorded, those to be recorded among them. */
  readonly pending: readonly string[]
}

/** Looks for what can be repaired, holding the lock so that nobody migrates meanwhile. Changes nothing. */
export function surveyDatabase(context: RepairContext): Promise<Survey> {
  return withAdmittedSession(optionsOf(context), ({ client }) => surveyWith(client, context))
}

/** Repairs what a survey found, as far as it is still to be done. Returns what was done, and what is found after it. */
export async function repairAsSurveyed(
  { indexes, records }: Survey,
  context: RepairContext,
): Promise<Repaired & { readonly after: Survey }> {
  const repairs = { indexes, records: records.map(({ revision }) => revision) }
  const survey = async (client: pg.ClientBase, built: readonly string[]) => {
    const found = await surveyWith(client, context, built)
    return { indexes: found.indexes, records: found.records.map(({ revision }) => revision) }
  }
  const repaired = await repair(optionsOf(context), { repairs, survey })
  return { ...repaired, after: await surveyDatabase(context) }
}

function optionsOf({ workspace, snapshot, report, signal }: RepairContext): MigrateOptions {
  return { ...migrateOptions(workspace, snapshot), report, signal }
}

/** `built` are the keys of indexes that were invalid and have just been built. */
async function surveyWith(
  client: pg.ClientBase,
  context: RepairContext,
  built: readonly string[] = [],
): Promise<Survey> {
  const { workspace, snapshot } = context
  const { project, migrations, config, migrationConnection: connection } = workspace
  const { scope } = config.verify
  const inspection = await inspect(client, { connection, project, scope })
  const { schema } = inspection
  const assessment = await examine(client, workspace, { inspection, snapshot })
  const pending = new Set(assessment.history.pending)
  const stood = await standingsOf(
    client,
    migrations.filter(({ revision }) => pending.has(revision)),
    { snapshot, inspection, scope },
  )
  const repairs = await indexRepairs(client, { context, inspection, assessment, stood })
  const indexes = repairs.flatMap((each) => ('statements' in each ? [each] : []))
  const records = recordable(stood, [...built, ...indexes.map(({ key }) => key)])
  return {
    inspection,
    isPromised: snapshot !== null,
    knexLockTaken: schema !== null && (await isKnexLockTaken(client, { schema, project })),
    indexes,
    leftAlone: repairs.flatMap((each) => ('refused' in each ? [each] : [])),
    records,
    unresolved: stood.filter((each) => isHalfApplied(each) && !records.includes(each)),
    pending: assessment.history.pending,
  }
}

/** In order, up to the first that has to be run: what is recorded out of order is another story. */
function recordable(stood: readonly Stood[], repaired: readonly string[]): readonly Stood[] {
  const end = stood.findIndex((each) => !mayHaveLeft(each) || !isThere(each, repaired))
  return end < 0 ? stood : stood.slice(0, end)
}

/**
 * Whether all that a revision changes is there, once some indexes are repaired. One that failed, or was corrected since, is
 * to be run again, unless it was an index that kept it from its end.
 */
function isThere(stood: Stood, repaired: readonly string[]): boolean {
  const { standing, corrected } = stood
  if (standing.kind === 'untold' || standing.open.length > 0) return false
  if (standing.invalid.some((key) => !repaired.includes(key))) return false
  const isByIndex = [...standing.invalid, ...standing.done].some((key) => repaired.includes(key))
  return isByIndex || (isInterrupted(stood) && !corrected)
}

interface Found {
  readonly context: RepairContext
  readonly inspection: Inspection
  readonly assessment: Assessment
  readonly stood: readonly Stood[]
}

async function indexRepairs(client: pg.ClientBase, found: Found): Promise<readonly IndexRepair[]> {
  const invalid = [...driftedIndexes(found), ...unfinishedIndexes(found)]
  if (invalid.length === 0) return []
  const { project } = found.context.workspace
  // In this order: what nobody builds any more is seen as it was built.
  const builders = await indexBuilders(client)
  const live = await readCatalog(client, { ...ledgerTablesOf(project), ...everything })
  const droppedFirst = invalid.toSorted((a, b) => Number(a.promised !== null) - Number(b.promised !== null))
  return droppedFirst.map((each) => repairIndex(each, { live, builders }))
}

const leftByReindex = /_cc(?:new|old)\d*"?$/

/** Of applied revisions, and what REINDEX CONCURRENTLY leaves when it does not end. */
function driftedIndexes({ assessment, context: { snapshot }, stood }: Found): readonly InvalidIndex[] {
  const unfinished = new Set(stood.flatMap(({ standing }) => invalidIndexes(standing)))
  const promised = snapshot === null ? {} : promisedAt(snapshot, assessment.history.applied).catalog
  return findingsOf(assessment).flatMap((finding): readonly InvalidIndex[] => {
    const { key, change } = finding
    if (parseKey(key).kind !== 'index' || unfinished.has(key)) return []
    if (isInvalid(finding)) return [{ key, because: 'promised to be valid', promised: promised[key] ?? null }]
    const isLeft = change === 'unexpected' && finding.actual['valid'] === false && leftByReindex.test(key)
    return isLeft ? [{ key, because: 'left by REINDEX CONCURRENTLY, not promised', promised: null }] : []
  })
}

/** Of revisions that were begun. */
function unfinishedIndexes({ stood, context: { snapshot } }: Found): readonly InvalidIndex[] {
  return stood.filter(mayHaveLeft).flatMap(({ revision, standing }) => {
    const changes = snapshot?.revisions.find((entry) => entry.revision === revision)?.changes
    return invalidIndexes(standing).map((key) => ({
      key,
      because: `left by ${revision}`,
      promised: changes?.[key] ?? null,
    }))
  })
}
