import type pg from 'pg'
import { invalidIndexes, isInvalid } from '../../core/history/completion.js'
import { type Assessment, findingsOf } from '../../core/history/decision.js'
import { parseKey } from '../../core/model/catalog.js'
import { promisedCatalogAt, type Snapshot } from '../../core/model/snapshot.js'
import { assessInspection, type TaskControl } from '../../gate/assess.js'
import { migrateOptionsFor } from '../../gate/migrate-options.js'
import { inspect } from '../../postgres/inspect/inspect.js'
import { type Inspection } from '../../postgres/inspect/inspection.js'
import { readProjectCatalog } from '../../postgres/introspect/read-catalog.js'
import { findIndexBuilders } from '../../postgres/locks/index-builders.js'
import { isKnexLockTaken } from '../../postgres/session/knex-lock.js'
import { withCheckedSession } from '../../postgres/session/locked-session.js'
import {
  isHalfApplied,
  isInterrupted,
  mayHaveLeftObjects,
  readUnfinishedRevisions,
  type UnfinishedRevision,
} from '../../postgres/verify/unfinished-revisions.js'
import type { Workspace } from '../../workspace.js'
import { type IndexRepair, type InvalidIndex, planIndexRepair } from './invalid-indexes.js'
import { proveRepairs } from './prove-repairs.js'
import type { RepairPlan } from './repair-plan.js'
import { snapshotForDatabase } from '../../postgres/introspect/extension-members.js'
import { repair, type RepairResult } from './repair.js'

export interface RepairContext extends TaskControl {
  readonly workspace: Workspace
  /** Null where there is none. */
  readonly snapshot: Snapshot | null
}

/** What interrupted migrations left, and what can be done about it. */
export interface Survey {
  readonly inspection: Inspection
  /** False without a snapshot: then it is not known what interrupted migrations left. */
  readonly hasSnapshot: boolean
  readonly knexLockTaken: boolean
  readonly indexes: readonly Extract<IndexRepair, { statements: unknown }>[]
  readonly leftAlone: readonly Extract<IndexRepair, { refused: string }>[]
  /** Statements that could not be run in a scratch database first, and why. */
  readonly unproven: readonly string[]
  /** Revisions to record once the indexes are built, in order: then all that they change is there. */
  readonly records: readonly UnfinishedRevision[]
  /** Half applied, and still so after that. */
  readonly unresolved: readonly UnfinishedRevision[]
  /** Not recorded, those to be recorded among them. */
  readonly pending: readonly string[]
  /** How many differences of consequence no interrupted migration explains. */
  readonly drift: number
}

/**
 * Looks for what can be repaired, holding the lock so that no process migrates meanwhile, and tries it in a scratch database.
 * Changes nothing.
 */
export async function surveyDatabase(context: RepairContext): Promise<Survey> {
  const survey = (refused: ReadonlyMap<string, string>): Promise<Survey> =>
    withCheckedSession(repairOptions(context), ({ client }) => surveyClient(client, context, [], refused))
  const found = await survey(nothingRefused)
  const versions = {
    printedBy: context.snapshot?.postgres ?? null,
    major: found.inspection.major,
  }
  const { refused, unproven } = await proveRepairs(found.indexes, versions, context.workspace)
  return { ...(refused.size === 0 ? found : await survey(refused)), unproven }
}

const nothingRefused: ReadonlyMap<string, string> = new Map()

/** Repairs what a survey found, as far as it is still found. Returns what was done, and a survey after it. */
export async function repairAsSurveyed(
  confirmed: Survey,
  context: RepairContext,
): Promise<RepairResult & { readonly after: Survey }> {
  const repaired = await repair(repairOptions(context), planOf(confirmed), async (client, rebuilt) =>
    planOf(await surveyClient(client, context, rebuilt)),
  )
  return { ...repaired, after: await surveyDatabase(context) }
}

function planOf({ indexes, records }: Survey): RepairPlan {
  return { indexes, records: records.map(({ revision }) => revision) }
}

function repairOptions(context: RepairContext) {
  return migrateOptionsFor(context.workspace, context.snapshot, context)
}

/**
 * @param rebuilt the keys of indexes that were invalid and have just been built again
 * @param refused why the statements for an index do not work, by its key
 */
async function surveyClient(
  client: pg.ClientBase,
  context: RepairContext,
  rebuilt: readonly string[],
  refused: ReadonlyMap<string, string> = nothingRefused,
): Promise<Survey> {
  const { workspace } = context
  const { project, migrations, config, migrationConnection: connection } = workspace
  const { scope } = config.verify
  const inspection = await inspect(client, { connection, project, migrations, scope })
  const snapshot =
    context.snapshot === null ? null : await snapshotForDatabase(client, context.snapshot, inspection.live)
  const { schema } = inspection
  const assessment = await assessInspection(client, workspace, inspection, snapshot)
  const pending = new Set(assessment.history.pending)
  const unfinished = await readUnfinishedRevisions(
    client,
    migrations.filter(({ revision }) => pending.has(revision)),
    { snapshot, inspection, scope },
  )
  const repairs = await planIndexRepairs(client, {
    context: { ...context, snapshot },
    assessment,
    unfinished,
    refused,
  })
  const indexes = repairs.flatMap((each) => ('statements' in each ? [each] : []))
  const records = selectRecordable(unfinished, [...rebuilt, ...indexes.map(({ key }) => key)])
  return {
    inspection,
    hasSnapshot: snapshot !== null,
    knexLockTaken: schema !== null && (await isKnexLockTaken(client, schema, project)),
    indexes,
    leftAlone: repairs.flatMap((each) => ('refused' in each ? [each] : [])),
    unproven: [],
    records,
    unresolved: unfinished.filter((each) => isHalfApplied(each) && !records.includes(each)),
    pending: assessment.history.pending,
    drift: countDrift(assessment, repairs),
  }
}

function countDrift(assessment: Assessment, repairs: readonly IndexRepair[]): number {
  const explained = new Set(repairs.map(({ key }) => key))
  return findingsOf(assessment).filter(({ key, impact }) => impact !== 'harmless' && !explained.has(key))
    .length
}

/** In order, up to the first that has to be run: nothing is recorded out of order. */
function selectRecordable(
  unfinished: readonly UnfinishedRevision[],
  repaired: readonly string[],
): readonly UnfinishedRevision[] {
  const end = unfinished.findIndex((each) => !mayHaveLeftObjects(each) || !isComplete(each, repaired))
  return end < 0 ? unfinished : unfinished.slice(0, end)
}

/**
 * Whether everything that a revision changes is there once these indexes are repaired. A revision that failed, or whose file
 * was corrected since, has to run again, unless only an index stopped it.
 */
function isComplete(unfinished: UnfinishedRevision, repaired: readonly string[]): boolean {
  const { completion, corrected } = unfinished
  if (completion.kind === 'unknown' || completion.open.length > 0) return false
  if (completion.invalid.some((key) => !repaired.includes(key))) return false
  const isByIndex = [...completion.invalid, ...completion.done].some((key) => repaired.includes(key))
  return isByIndex || (isInterrupted(unfinished) && !corrected)
}

interface SurveyedDatabase {
  readonly context: RepairContext
  readonly assessment: Assessment
  readonly unfinished: readonly UnfinishedRevision[]
  readonly refused: ReadonlyMap<string, string>
}

async function planIndexRepairs(
  client: pg.ClientBase,
  found: SurveyedDatabase,
): Promise<readonly IndexRepair[]> {
  const invalid = [...driftedIndexes(found), ...unfinishedIndexes(found)]
  if (invalid.length === 0) return []
  const { project } = found.context.workspace
  // In this order: an index whose build ends in between is then seen as built.
  const builders = await findIndexBuilders(client)
  const live = await readProjectCatalog(client, project)
  const droppedFirst = invalid.toSorted((a, b) => Number(a.promised !== null) - Number(b.promised !== null))
  return droppedFirst.map((each) => planIndexRepair(each, { live, builders, refused: found.refused }))
}

const reindexLeftover = /_cc(?:new|old)\d*"?$/

/** Invalid indexes of applied revisions, and what an interrupted REINDEX CONCURRENTLY leaves. */
function driftedIndexes({
  assessment,
  context: { snapshot },
  unfinished,
}: SurveyedDatabase): readonly InvalidIndex[] {
  const ofUnfinished = new Set(unfinished.flatMap(({ completion }) => invalidIndexes(completion)))
  const promised = snapshot === null ? {} : promisedCatalogAt(snapshot, assessment.history.applied).catalog
  return findingsOf(assessment).flatMap((finding): readonly InvalidIndex[] => {
    const { key, change } = finding
    if (parseKey(key).kind !== 'index' || ofUnfinished.has(key)) return []
    if (isInvalid(finding)) return [{ key, because: 'promised to be valid', promised: promised[key] ?? null }]
    const isLeft = change === 'unexpected' && finding.actual['valid'] === false && reindexLeftover.test(key)
    return isLeft ? [{ key, because: 'left by REINDEX CONCURRENTLY, not promised', promised: null }] : []
  })
}

/** Invalid indexes of revisions that were begun. */
function unfinishedIndexes({ unfinished, context: { snapshot } }: SurveyedDatabase): readonly InvalidIndex[] {
  return unfinished.filter(mayHaveLeftObjects).flatMap(({ revision, completion }) => {
    const changes = snapshot?.revisions.find((entry) => entry.revision === revision)?.changes
    return invalidIndexes(completion).map((key) => ({
      key,
      because: `left by ${revision}`,
      promised: changes?.[key] ?? null,
    }))
  })
}
