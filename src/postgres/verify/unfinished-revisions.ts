import type pg from 'pg'
import {
  type Bearings,
  invalidIndexes,
  remainderOf,
  type Standing,
  standingOf,
} from '../../core/history/completion.js'
import type { Scope } from '../../core/model/scope.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import type { Migration } from '../../project/migration-files.js'
import { inPromisedWords } from '../canonicalize/canonicalize.js'
import type { Transaction } from '../canonicalize/temporary-objects.js'
import type { Inspection } from '../inspect/inspect.js'
import type { LastEvent } from '../ledger/ledger.js'

/** A revision that is not recorded: how far it came, and what is on record about the last attempt. */
export interface Stood {
  readonly revision: string
  readonly standing: Standing
  /** Null where there was none. */
  readonly last: LastEvent | null
  /** Whether its text is another than that of the attempt. */
  readonly corrected: boolean
}

export interface Standpoint {
  readonly snapshot: Snapshot | null
  readonly scope?: Scope
  readonly inspection: Pick<Inspection, 'recorded' | 'ledger' | 'live' | 'major'>
  /** Default: the client is in none. */
  readonly transaction?: Transaction
}

/** How far each of these revisions came, none of which is recorded. The server is asked only about other words. */
export async function standingsOf(
  client: pg.ClientBase,
  migrations: readonly Pick<Migration, 'revision' | 'file' | 'checksum'>[],
  standpoint: Standpoint,
): Promise<readonly Stood[]> {
  const { last } = standpoint.inspection.ledger ?? { last: new Map<string, LastEvent>() }
  const stood: Stood[] = []
  for (const { revision, file, checksum } of migrations) {
    const event = last.get(revision) ?? null
    stood.push({
      revision,
      standing: await standingIn(client, revision, standpoint),
      last: event,
      corrected: event !== null && isOther(event, { file, checksum }),
    })
  }
  return stood
}

async function standingIn(
  client: pg.ClientBase,
  revision: string,
  { snapshot, inspection, transaction = 'own', ...how }: Standpoint,
): Promise<Standing> {
  const { recorded, live, major } = inspection
  const bearings: Bearings = { snapshot, recorded: recorded.revisions, live, ...how }
  const { differences } = remainderOf(revision, bearings) ?? { differences: [] }
  if (snapshot === null || differences.length === 0) return standingOf(revision, bearings)
  const sight = { snapshot, revisions: [...recorded.revisions, revision], live, major, differences }
  const agreed = await inPromisedWords(client, sight, transaction)
  return standingOf(revision, { ...bearings, live: agreed.live })
}

/** Texts of files that are called differently are not compared. */
function isOther(
  { checksum, detail }: LastEvent,
  now: { readonly file: string | null; readonly checksum: string | null },
): boolean {
  const isSameFile = detail.file === undefined || detail.file === now.file
  return isSameFile && checksum !== null && now.checksum !== null && checksum !== now.checksum
}

/** Whether an attempt did not come to its end: the record is the last thing that is written. */
export function isInterrupted({ last }: Stood): boolean {
  return last?.event === 'started' || (last?.event === 'applied' && last.detail.transaction === false)
}

/** Whether an attempt may have left something: it did not end well, and no transaction took it back. */
export function mayHaveLeft({ last }: Stood): boolean {
  return last?.detail.transaction === false && ['started', 'applied', 'failed'].includes(last.event)
}

/**
 * Whether running it again, as it is, would fail or do something twice: it was interrupted outside a transaction and did
 * something, or it left an invalid index, which an IF NOT EXISTS takes for a good one.
 */
export function isHalfApplied(stood: Stood): boolean {
  const { standing, corrected } = stood
  if (corrected || !mayHaveLeft(stood)) return false
  if (standing.kind === 'untold' || standing.kind === 'not applied') return false
  return isInterrupted(stood) || invalidIndexes(standing).length > 0
}
