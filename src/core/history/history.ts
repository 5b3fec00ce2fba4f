/**
 * How a database stands to this build, by its revisions:
 * - `empty`: no ledger and no tables
 * - `unmanaged`: tables, but no recorded revision
 * - `foreign`: recorded revisions, none of them in this build
 * - `behind`: pending revisions
 * - `current`: no pending and no newer revisions
 * - `ahead`: newer revisions, which are unknown and recorded after all known ones
 * - `diverged`: pending and newer revisions
 */
export type Position = 'empty' | 'unmanaged' | 'behind' | 'current' | 'ahead' | 'diverged' | 'foreign'

export interface History {
  readonly position: Position
  /** The newest revision recorded in the database. */
  readonly current: string | null
  /** The newest revision in this build. */
  readonly head: string | null
  /** Recorded and in this build, in the build's order. */
  readonly applied: readonly string[]
  /** In this build, not recorded, in the build's order. */
  readonly pending: readonly string[]
  /** Recorded, not in this build, in the order in which they were recorded. */
  readonly unknown: readonly string[]
  /** What the database is built from, if that is no migrations: `models:FILE`. */
  readonly models?: string
}

export interface RecordedRevisions {
  /** Revisions in the order the ledger has them. */
  readonly revisions: readonly string[]
  readonly hasTables: boolean
}

/** Compares the revisions of this build, in order, with those the database records. */
export function compareHistory(
  build: readonly string[],
  { revisions, hasTables }: RecordedRevisions,
): History {
  const recorded = new Set(revisions)
  const known = new Set(build)
  const applied = build.filter((revision) => recorded.has(revision))
  const pending = build.filter((revision) => !recorded.has(revision))
  const unknown = revisions.filter((revision) => !known.has(revision))
  const newer = revisions.slice(revisions.findLastIndex((revision) => known.has(revision)) + 1)
  const withoutRecord = hasTables ? 'unmanaged' : 'empty'
  return {
    position: revisions.length === 0 ? withoutRecord : positionFrom(applied, pending, newer),
    current: newer.at(-1) ?? applied.at(-1) ?? null,
    head: build.at(-1) ?? null,
    applied,
    pending,
    unknown,
  }
}

/** The history of a database that is built from models: the revisions of this build are not for it. */
export function modelsHistory(
  models: string,
  build: readonly string[],
  recorded: RecordedRevisions,
): History {
  return { ...compareHistory(recorded.revisions.length === 0 ? [] : build, recorded), models }
}

function positionFrom(
  applied: readonly string[],
  pending: readonly string[],
  newer: readonly string[],
): Position {
  if (applied.length === 0) return 'foreign'
  if (newer.length > 0) return pending.length > 0 ? 'diverged' : 'ahead'
  return pending.length > 0 ? 'behind' : 'current'
}

/** Whether there is something to apply, and nothing else is between the database and this build. */
export function isBehind({ position }: History): boolean {
  return position === 'behind' || position === 'empty'
}

/** The part of a history that the health document shows; null and empty lists before the first inspection. */
export function summarizeHistory(history: History | null) {
  if (history === null)
    return { current: null, head: null, position: null, pending: [], unknown: [] } as const
  const { current, head, position, pending, unknown, models } = history
  return { current, head, position, pending, unknown, ...(models === undefined ? {} : { models }) }
}
