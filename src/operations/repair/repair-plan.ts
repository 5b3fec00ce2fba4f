import type pg from 'pg'

/** An index to drop, and to build again if it is promised. */
export interface IndexRebuild {
  readonly key: string
  readonly statements: readonly string[]
}

/** What is to be done. */
export interface RepairPlan {
  readonly indexes: readonly IndexRebuild[]
  /** Revisions to record, in order. */
  readonly records: readonly string[]
}

/** Finds what is to be done; `rebuilt` are the keys of indexes that were invalid and have just been built again. */
export type RepairSurvey = (client: pg.ClientBase, rebuilt: readonly string[]) => Promise<RepairPlan>
