import type { KnexNaming } from '../../ddl/draft/naming.js'
import { type DraftFunction, type TrialInput, trialMigration } from '../../ddl/draft/draft-migration.js'
import type { ProvenPlan } from '../../ddl/proof.js'
import type { Plan } from '../../ddl/statement.js'
import type { RunInDatabase } from '../../postgres/proof/trial.js'
import { type ProjectProofRequest, proveForProject } from '../proof/prove-for-project.js'
import type { Workspace } from '../../workspace.js'
import { type DraftPlace, runDraft } from './run-draft.js'

/** What a draft is run with. */
export interface DraftTools extends DraftPlace {
  readonly naming: KnexNaming
}

/** One function of a draft, and what the file has with a plan for it. */
export interface DraftedFunction {
  readonly name: DraftFunction
  readonly code: (plan: Plan) => Omit<TrialInput, 'naming' | 'asSql'>
}

/** The same with what it leads from and to. */
export interface DraftDirection extends DraftedFunction {
  readonly request: Omit<ProjectProofRequest, 'run' | 'runFirst'>
}

/** A plan for one function that Knex ran, and whether it is written as SQL only. */
export interface ProvenFunction {
  readonly plan: ProvenPlan
  readonly asSql: boolean
}

/**
 * Lets Knex run one function of a draft in scratch databases. Where that fails with Knex's builder, the function is run as SQL,
 * whose statements can be told apart, and is written so unless the builder does the same with what is left.
 */
export async function proveFunction(
  direction: DraftDirection,
  tools: DraftTools,
  workspace: Workspace,
): Promise<ProvenFunction> {
  const runner = draftRunner(direction, tools)
  const request = { ...direction.request, runFirst: runner(false), run: runner(true) }
  const { plan, ranFirst } = await proveForProject(request, workspace, 'any')
  return { plan, asSql: !ranFirst }
}

/** Lets Knex run statements as the function of a draft, `asSql` or with the builder. */
export function draftRunner(
  { name, code }: DraftedFunction,
  { naming, ...place }: DraftTools,
): (asSql: boolean) => RunInDatabase {
  return (asSql) => (connection, statements) => {
    const input = { ...code({ statements, refused: [] }), naming, asSql: new Set(asSql ? [name] : []) }
    return runDraft(connection, { code: trialMigration(input), name }, statements, place)
  }
}
