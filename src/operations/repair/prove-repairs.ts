import { describeProof, isWhole } from '../../ddl/proof.js'
import type { Workspace } from '../../workspace.js'
import { type ChangeGoal, proveChanges } from '../proof/prove-changes.js'
import type { IndexRepair } from './invalid-indexes.js'

/** What became of the statements that create indexes in a scratch database. */
export interface RepairProofs {
  /** Why PostgreSQL refused them, by the key of the index. */
  readonly refused: ReadonlyMap<string, string>
  /** Why they were not run, for people. */
  readonly unproven: readonly string[]
}

/** Runs the statements that create indexes in a scratch database. REINDEX and DROP have a fixed form, and need no proof. */
export async function proveRepairs(
  repairs: readonly IndexRepair[],
  versions: Pick<ChangeGoal, 'printedBy' | 'major'>,
  workspace: Workspace,
): Promise<RepairProofs> {
  const refused = new Map<string, string>()
  const unproven: string[] = []
  for (const repair of repairs) {
    if (!('creation' in repair) || repair.creation === null) continue
    const goal = { ...repair.creation, ...versions, undetermined: {}, isLive: true }
    const { refused: refusals, proof } = await proveChanges(goal, workspace, 'any')
    const [refusal] = refusals
    if (refusal !== undefined) refused.set(repair.key, refusal.reason)
    else if (proof !== null && !isWhole(proof))
      unproven.push(`${repair.key}  (${describeProof(proof).join(' ')})`)
  }
  return { refused, unproven }
}
