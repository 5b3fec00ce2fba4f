import { startWriterFor } from '../../ddl/plan/plan-start.js'
import type { Proof } from '../../ddl/proof.js'
import type { PlanRefusal } from '../../ddl/statement.js'
import { SchemaError } from '../../errors/schema-error.js'
import { ledgerTablesOf } from '../../postgres/introspect/read-catalog.js'
import { type ProofOutcome, provePlan, type ProofRequest } from '../../postgres/proof/prove-plan.js'
import { findScratch } from '../../postgres/scratch/scratch.js'
import type { ProjectWorkspace } from '../../workspace.js'

/** A plan to prove; the ledger of the project is in neither catalog. */
export type ProjectProofRequest = Omit<ProofRequest, 'reading' | 'writeStart'>

/** Which scratch servers a proof may use: any that a snapshot could use, or only one that SCRATCH_DATABASE_URL names. */
export type ScratchChoice = 'any' | 'configured'

const noRefusals: readonly PlanRefusal[] = []

/**
 * A plan that was run in a scratch database; without one the plan as it is, with the reason why it is not proven. Throws the
 * errors of connecting only where the command is interrupted.
 */
export async function proveForProject(
  request: ProjectProofRequest,
  { scratch, project }: Pick<ProjectWorkspace, 'scratch' | 'project'>,
  choice: ScratchChoice,
): Promise<ProofOutcome> {
  const plan = request.plan(noRefusals)
  if (plan.statements.length === 0) return { plan: { ...plan, proof: null }, ranFirst: true }
  // The server from npm is in the folder of the project, which two databases elsewhere have nothing to do with.
  if (choice === 'configured' && scratch.scratch === null)
    return { plan: { ...plan, proof: unconfigured }, ranFirst: true }
  try {
    const writer: ProjectProofRequest['plan'] = (refusals) =>
      refusals.length === 0 ? plan : request.plan(refusals)
    const rest = { reading: ledgerTablesOf(project), writeStart: startWriterFor }
    const whole = { ...request, ...rest, plan: writer }
    return await provePlan(whole, await findScratch(scratch))
  } catch (error) {
    if (!(error instanceof SchemaError) || error.code === 'SCHEMA_INTERRUPTED') throw error
    const proof = { proven: false, reason: error.message, advice: describeAdvice(error) } as const
    return { plan: { ...plan, proof }, ranFirst: true }
  }
}

const unconfigured: Proof = {
  proven: false,
  reason: 'it was not run, because SCRATCH_DATABASE_URL names no server for scratch databases',
  advice: 'SCRATCH_DATABASE_URL=postgres://…: names a server where the role may create databases',
}

function describeAdvice({ choices }: SchemaError): string {
  return choices.map(([choice, effect]) => `${choice}: ${effect}`).join('; ')
}
