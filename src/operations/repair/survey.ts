import type pg from 'pg'
import { invalidIndexes, isInvalid } from '../../core/history/completion.js'
import { type Assessment, findingsOf } from '../../core/history/decision.js'
import { parseKey } from '../../core/model/catalog.js'
import { promisedCatalogAt, type Snapshot } from '../../core/model/snapshot.js'
import type { ProgressReporter } from '../../core/progress/events.js'
import { assessInspection, migrateOptionsFor } from '../../gate/gate.js'
import { inspect, type Inspection } from '../../postgres/inspect/inspect.js'
import { allAnnotations, ledgerTablesOf, readCatalog } from '../../postgres/introspect/read-catalog.js'
import { findIndexBuilders } from '../../postgres/locks/index-builders.js'
import {
  isKnexLockTaken,
  type MigrateOptions,
  withCheckedSession,
} from '../../postgres/session/locked-session.js'
import {
  isHalfApplied,
  isInterrupted,
  mayHaveLeftObjects,
  readUnfinishedRevisions,
  type UnfinishedRevision,
} from '../../postgres/verify/unfinished-revisions.js'
import type { Workspace } from '../../workspace.js'
import { type IndexRepair, type InvalidIndex, planIndexRepair } from './invalid-indexes.js'
import { type RepairResult, repair } from './repair.js'

export interface RepairContext {
  readonly workspace: Workspace
  /** Null where there is none. */
  readonly snapshot: Snapshot | null
  readonly report: ProgressReporter
  readonly signal: AbortSignal
}

/** What interrupted migrations left, and what can be done about it. */
export interface Survey {
  readonly inspection: Inspection
  /** False where there is no snapshot: what interrupted migrations left cannot be told then. */
  readonly hasSnapshot: boolean
  readonly knexLockTaken: boolean
  readonly indexes: readonly Extract<IndexRepair, { statements: unknown }>[]
  readonly leftAlone: readonly Extract<IndexRepair, { refused: string }>[]
  /** Revisions to record once the indexes are built, in order: all they change is there then. */
  readonly records: readonly UnfinishedRevision[]
  /** Half applied, and still so after that. */
  readonly unresolved: readonly UnfinishedRevision[]
  /** Not recorded, those to be recorded among them. */
  readonly pending: readonly string[]
}

/** Looks for what can be repaired, holding the lock so that nobody migrates meanwhile. Changes nothing. */
export function surveyDatabase(context: RepairContext): Promise<Survey> {
  return withCheckedSession(repairOptions(context), ({ client }) => surveyClient(client, context))
}

/** Repairs what a survey found, as far as it is still to be done. Returns what was done, and what is found after it. */
export async function repairAsSurveyed(
  { indexes, records }: Survey,
  context: RepairContext,
): Promise<RepairResult & { readonly after: Survey }> {
  const repairs = { indexes, records: records.map(({ revision }) => revision) }
  const survey = async (client: pg.ClientBase, built: readonly string[]) => {
    const found = await surveyClient(client, context, built)
    return { indexes: found.indexes, records: found.records.map(({ revision }) => revision) }
  }
  const repaired = await repair(repairOptions(context), { plan: repairs, survey })
  return { ...repaired, after: await surveyDatabase(context) }
}

function repairOptions({ workspace, snapshot, report, signal }: RepairContext): MigrateOptions {
  return { ...migrateOptionsFor(workspace, snapshot), report, signal }
}

/** `built` are the keys of indexes that were invalid and have just been built. */
async function surveyClient(
  client: pg.ClientBase,
  context: RepairContext,
  built: readonly string[] = [],
): Promise<Survey> {
  const { workspace, snapshot } = context
  const { project, migrations, config, migrationConnection: connection } = workspace
  const { scope } = config.verify
  const inspection = await inspect(client, { connection, project, scope })
  const { schema } = inspection
  const assessment = await assessInspection(client, workspace, { inspection, snapshot })
  const pending = new Set(assessment.history.pending)
  const stood = await readUnfinishedRevisions(
    client,
    migrations.filter(({ revision }) => pending.has(revision)),
    { snapshot, inspection, scope },
  )
  const repairs = await planIndexRepairs(client, { context, inspection, assessment, stood })
  const indexes = repairs.flatMap((each) => ('statements' in each ? [each] : []))
  const records = selectRecordable(stood, [...built, ...indexes.map(({ key }) => key)])
  return {
    inspection,
    hasSnapshot: snapshot !== null,
    knexLockTaken: schema !== null && (await isKnexLockTaken(client, { schema, project })),
    indexes,
    leftAlone: repairs.flatMap((each) => ('refused' in each ? [each] : [])),
    records,
    unresolved: stood.filter((each) => isHalfApplied(each) && !records.includes(each)),
    pending: assessment.history.pending,
  }
}

/** In order, up to the first that has to be run: what is recorded out of order is another story. */
function selectRecordable(
  stood: readonly UnfinishedRevision[],
  repaired: readonly string[],
): readonly UnfinishedRevision[] {
  const end = stood.findIndex((each) => !mayHaveLeftObjects(each) || !isComplete(each, repaired))
  return end < 0 ? stood : stood.slice(0, end)
}

/**
 * Whether all that a revision changes is there, once some indexes are repaired. One that failed, or was corrected since, is
 * to be run again, unless it was an index that kept it from its end.
 */
function isComplete(stood: UnfinishedRevision, repaired: readonly string[]): boolean {
  const { completion, corrected } = stood
  if (completion.kind === 'unknown' || completion.open.length > 0) return false
  if (completion.invalid.some((key) => !repaired.includes(key))) return false
  const isByIndex = [...completion.invalid, ...completion.done].some((key) => repaired.includes(key))
  return isByIndex || (isInterrupted(stood) && !corrected)
}

interface SurveyedDatabase {
  readonly context: RepairContext
  readonly inspection: Inspection
  readonly assessment: Assessment
  readonly stood: readonly UnfinishedRevision[]
}

async function planIndexRepairs(
  client: pg.ClientBase,
  found: SurveyedDatabase,
): Promise<readonly IndexRepair[]> {
  const invalid = [...driftedIndexes(found), ...unfinishedIndexes(found)]
  if (invalid.length === 0) return []
  const { project } = found.context.workspace
  // In this order: what nobody builds any more is seen as it was built.
  const builders = await findIndexBuilders(client)
  const live = await readCatalog(client, { ...ledgerTablesOf(project), ...allAnnotations })
  const droppedFirst = invalid.toSorted((a, b) => Number(a.promised !== null) - Number(b.promised !== null))
  return droppedFirst.map((each) => planIndexRepair(each, { live, builders }))
}

const reindexLeftover = /_cc(?:new|old)\d*"?$/

/** Of applied revisions, and what REINDEX CONCURRENTLY leaves when it does not end. */
function driftedIndexes({
  assessment,
  context: { snapshot },
  stood,
}: SurveyedDatabase): readonly InvalidIndex[] {
  const unfinished = new Set(stood.flatMap(({ completion }) => invalidIndexes(completion)))
  const promised = snapshot === null ? {} : promisedCatalogAt(snapshot, assessment.history.applied).catalog
  return findingsOf(assessment).flatMap((finding): readonly InvalidIndex[] => {
    const { key, change } = finding
    if (parseKey(key).kind !== 'index' || unfinished.has(key)) return []
    if (isInvalid(finding)) return [{ key, because: 'promised to be valid', promised: promised[key] ?? null }]
    const isLeft = change === 'unexpected' && finding.actual['valid'] === false && reindexLeftover.test(key)
    return isLeft ? [{ key, because: 'left by REINDEX CONCURRENTLY, not promised', promised: null }] : []
  })
}

/** Of revisions that were begun. */
function unfinishedIndexes({ stood, context: { snapshot } }: SurveyedDatabase): readonly InvalidIndex[] {
  return stood.filter(mayHaveLeftObjects).flatMap(({ revision, completion }) => {
    const changes = snapshot?.revisions.find((entry) => entry.revision === revision)?.changes
    return invalidIndexes(completion).map((key) => ({
      key,
      because: `left by ${revision}`,
      promised: changes?.[key] ?? null,
    }))
  })
}
