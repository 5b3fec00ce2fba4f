import type { KnexNaming } from '../../ddl/draft/naming.js'
import { type DraftFunction, type TrialInput, trialMigration } from '../../ddl/draft/draft-migration.js'
import type { ProvenPlan } from '../../ddl/proof.js'
import type { Plan } from '../../ddl/statement.js'
import type { RunInDatabase } from '../../postgres/proof/trial.js'
import { type ProjectProofRequest, proveForProject } from '../proof/prove-for-project.js'
import type { Workspace } from '../../workspace.js'
import { type DraftPlace, runDraft } from './run-draft.js'

/** What a draft is proven with. */
export interface DraftProof extends DraftPlace {
  readonly workspace: Workspace
  readonly naming: KnexNaming
}

/** One function of a draft: what it leads from and to, and what the file has with a plan for it. */
export interface DraftDirection {
  readonly name: DraftFunction
  readonly request: Omit<ProjectProofRequest, 'run' | 'runFirst'>
  readonly code: (plan: Plan) => Omit<TrialInput, 'naming' | 'asSql'>
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
  { name, request, code }: DraftDirection,
  { workspace, naming, ...place }: DraftProof,
): Promise<ProvenFunction> {
  const runWith =
    (asSql: boolean): RunInDatabase =>
    (connection, statements) => {
      const input = { ...code({ statements, refused: [] }), naming, asSql: new Set(asSql ? [name] : []) }
      return runDraft(connection, { code: trialMigration(input), name }, statements, place)
    }
  const [withBuilder, withSql] = [runWith(false), runWith(true)]
  const { plan, ranFirst } = await proveForProject(
    { ...request, runFirst: withBuilder, run: withSql },
    workspace,
    'any',
  )
  return { plan, asSql: !ranFirst }
}
