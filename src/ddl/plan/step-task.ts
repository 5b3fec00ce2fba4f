import type { PhasedStep, StepPhase } from '../object.js'
import type { Intent } from '../intents/intents.js'
import type { SortableTask } from './topological-sort.js'

/** The steps of one object in one phase; or none, between the columns of a relation and its other parts. */
export interface StepTask extends SortableTask<StepTask> {
  readonly key: string
  steps: readonly PhasedStep[]
  readonly prerequisites: StepTask[]
}

/** An intent with its steps. */
export interface PlannedChange {
  readonly intent: Intent
  readonly steps: readonly PhasedStep[]
}

export type PlannedChanges = ReadonlyMap<string, PlannedChange>

/** Where the tasks of an object are, and those that separate the columns of a relation from its other parts. */
export type Place = StepPhase | 'parts of' | 'columns of'

/** Finds a task by its place and the key of its object or relation; undefined where there is none. */
export type FindTask = (place: Place, key: string) => StepTask | undefined

/** Makes one task a prerequisite of another, if both exist. */
export function runBefore(earlier: StepTask | undefined, later: StepTask | undefined): void {
  if (earlier !== undefined && earlier !== later) later?.prerequisites.push(earlier)
}
