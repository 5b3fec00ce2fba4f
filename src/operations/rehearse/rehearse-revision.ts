import type { Catalog } from '../../core/model/catalog.js'
import type { Migration } from '../../project/migration-files.js'
import type { RehearsalDatabase, RehearsedRevision, RehearsedStep } from './rehearsal.js'

/** A rehearsed revision, and whether the database is what it is after its `up`, so that the next one can follow. */
export interface RevisionRehearsal {
  readonly rehearsed: RehearsedRevision
  readonly isApplied: boolean
  readonly hasNewTable: boolean
}

/** Runs the `up` of a pending revision, its `down`, its `up` again, and once more without its row in the ledger. */
export async function rehearseRevision(
  migration: Migration,
  { project }: { readonly project: { readonly disableTransactions: boolean } },
  database: RehearsalDatabase,
): Promise<RevisionRehearsal> {
  const { revision } = migration
  const { down, verify, transaction } = await migration.load()
  const transactional = transaction ?? !project.disableTransactions
  const known = { revision, transactional, hasVerify: verify !== null }
  const before = await database.read()
  const up = await timed(() => database.up(revision))
  if (up.outcome !== 'ok') {
    const rest = skipped('its up failed')
    const rehearsed = { ...known, up, down: rest, again: rest, repeated: rest }
    return { rehearsed, isApplied: false, hasNewTable: false }
  }
  const after = await database.read()
  const { back, again, isApplied } =
    down === null ? withoutDown : await rehearseDown(revision, { before, after }, database)
  const repeated = isApplied
    ? await rehearseRepeat(revision, transactional, after, database)
    : skipped('it is not applied')
  const isAsBefore = isApplied && database.compare(after, await database.read()).length === 0
  const rehearsed = { ...known, up, down: back, again, repeated }
  return { rehearsed, isApplied: isAsBefore, hasNewTable: makesTable(before, after) }
}

interface RehearsedDown {
  readonly back: RehearsedStep
  readonly again: RehearsedStep
  readonly isApplied: boolean
}

const withoutDown: RehearsedDown = {
  back: skipped('it has none'),
  again: skipped('it has no down'),
  isApplied: true,
}

async function rehearseDown(
  revision: string,
  { before, after }: { readonly before: Catalog; readonly after: Catalog },
  database: RehearsalDatabase,
): Promise<RehearsedDown> {
  const ran = await timed(() => database.down(revision))
  if (ran.outcome !== 'ok') {
    const isRolledBack = database.compare(after, await database.read()).length === 0
    return { back: ran, again: skipped('its down failed'), isApplied: isRolledBack }
  }
  const back = await compared(ran, before, database)
  const second = await timed(() => database.up(revision))
  if (second.outcome !== 'ok') return { back, again: second, isApplied: false }
  return { back, again: await compared(second, after, database), isApplied: true }
}

async function rehearseRepeat(
  revision: string,
  transactional: boolean,
  expected: Catalog,
  database: RehearsalDatabase,
): Promise<RehearsedStep> {
  const started = performance.now()
  const run = await database.repeat(revision, transactional)
  if ('error' in run) return { outcome: 'failed', error: run.error }
  const differences = database.compare(expected, run.after)
  const duration = performance.now() - started
  if (differences.length > 0) return { outcome: 'differs', differences }
  const { writtenTables: tables } = run
  return tables.length === 0 ? { outcome: 'ok', duration } : { outcome: 'writes rows', tables }
}

async function timed(run: () => Promise<Error | null>): Promise<RehearsedStep> {
  const started = performance.now()
  const error = await run()
  return error === null
    ? { outcome: 'ok', duration: performance.now() - started }
    : { outcome: 'failed', error }
}

async function compared(
  step: RehearsedStep,
  expected: Catalog,
  database: RehearsalDatabase,
): Promise<RehearsedStep> {
  const differences = database.compare(expected, await database.read())
  return differences.length === 0 ? step : { outcome: 'differs', differences }
}

function skipped(because: string): RehearsedStep {
  return { outcome: 'not run', because }
}

function makesTable(before: Catalog, after: Catalog): boolean {
  return Object.keys(after).some((key) => key.startsWith('table:') && before[key] === undefined)
}
