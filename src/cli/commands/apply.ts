import type { Catalog } from '../../core/model/catalog.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import { runbookLines } from '../../ddl/plan/runbook.js'
import { groupByTransaction } from '../../ddl/plan/transactions.js'
import { isWhole, type ProvenPlan } from '../../ddl/proof.js'
import { describeHazard } from '../../ddl/statement.js'
import { SchemaError } from '../../errors/schema-error.js'
import { migrateOptionsFor } from '../../gate/migrate-options.js'
import { applyPlan } from '../../operations/apply/apply-plan.js'
import { stepLabel } from '../../operations/apply/step.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import type { Workspace } from '../../workspace.js'
import type { CommandContext } from './command.js'
import { requireConfirmation } from './confirm.js'

/**
 * Shows the steps of a plan for the configured database, asks, and runs them. Returns how many were run.
 * Throws SCHEMA_SCRATCH_UNAVAILABLE and the errors of `requireConfirmation` and `applyPlan`.
 *
 * @param from the catalog of the database that the plan is for
 */
export async function applyConfirmed(
  context: CommandContext,
  workspace: Workspace,
  plan: ProvenPlan,
  { from, snapshot }: { readonly from: Catalog; readonly snapshot: Snapshot | null },
): Promise<number> {
  if (plan.statements.length === 0) return 0
  refuseUnproven(plan)
  const steps = groupByTransaction(plan.statements)
  const lockTimeout = context.config.migrations.lockTimeout
  await requireConfirmation(context, {
    what: 'The following will be run.',
    facts: [
      [
        'database',
        `${describeAddress(addressOf(workspace.migrationConnection))}  (environment ${context.config.target})`,
      ],
      ...steps.map(
        (step, index) =>
          [
            index === 0 ? 'steps' : '',
            [
              stepLabel(steps, index),
              ...step.flatMap(({ hazards }) => hazards.map((hazard) => `  ${describeHazard(hazard)}`)),
            ],
          ] as const,
      ),
      ['know', runbookLines(steps, lockTimeout)],
    ],
  })
  return applyPlan(migrateOptionsFor(workspace, snapshot, context), { plan, from })
}

/** What was not run in a scratch database first is not run in one that has rows. */
function refuseUnproven({ proof }: ProvenPlan): void {
  if (proof !== null && isWhole(proof)) return
  const reasons =
    proof === null ? [] : proof.proven ? proof.unproven.map(({ reason }) => reason) : [proof.reason]
  throw new SchemaError('SCHEMA_SCRATCH_UNAVAILABLE', {
    what: 'The SQL could not be run in a scratch database first, or not all of it. Nothing was done.',
    facts: [['because', reasons]],
    choices: [
      ['SCRATCH_DATABASE_URL', 'names a server where it can be run first'],
      ['--sql', 'prints the SQL, to read it and to run it with psql'],
    ],
  })
}
