import type { Catalog } from '../../core/model/catalog.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import { type PlanContext, runbookLines, stepHazards } from '../../ddl/plan/runbook.js'
import { groupByTransaction } from '../../ddl/plan/transactions.js'
import { isWhole, type ProvenPlan } from '../../ddl/proof.js'
import { describeHazard, type Plan } from '../../ddl/statement.js'
import { hazardName, hazardsBeyond } from '../../ddl/hazards/allowed-hazards.js'
import { shortenList } from '../../core/text/format.js'
import { SchemaError } from '../../errors/schema-error.js'
import { readRetryOptions } from '../../gate/assess.js'
import { migrateOptionsFor } from '../../gate/migrate-options.js'
import { applyPlan } from '../../operations/apply/apply-plan.js'
import { stepLabel } from '../../operations/apply/step.js'
import { parseAllowed } from '../../operations/proof/parse-allowed.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import type { Workspace } from '../../workspace.js'
import { type CommandContext, textOption } from './command.js'
import { requireConfirmation } from './confirm.js'

/** What is known of the database that a plan is for, and of the plan. */
export interface ApplyContext {
  readonly from: Catalog
  readonly snapshot: Snapshot | null
  readonly known: PlanContext
}

/**
 * Shows the steps of a plan for the configured database, asks, and runs them. Returns how many were run.
 * Throws SCHEMA_SCRATCH_UNAVAILABLE and the errors of `requireConfirmation` and `applyPlan`.
 */
export async function applyConfirmed(
  context: CommandContext,
  workspace: Workspace,
  plan: ProvenPlan,
  { from, snapshot, known }: ApplyContext,
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
              ...stepHazards(step, known)
                .flat()
                .map((line) => `  ${line}`),
            ],
          ] as const,
      ),
      ['know', runbookLines(steps, lockTimeout, known)],
    ],
  })
  const { report } = context
  return applyPlan(migrateOptionsFor(workspace, snapshot, context), {
    plan,
    from,
    // Also after a request to stop it is asked what has become of a step.
    retry: readRetryOptions(workspace, { report }),
  })
}

/** Throws SCHEMA_USAGE for an undo that would be applied: it is for what the SQL makes, and not for what is there now. */
export function refuseUndoToApply({ options }: CommandContext): void {
  if (options['undo'] !== true || options['apply'] !== true) return
  throw new SchemaError('SCHEMA_USAGE', {
    what: '--undo prints what takes the SQL back, and --apply runs the SQL. Nothing was done.',
    choices: [
      ['--undo', 'prints that; keep it, because it cannot be told afterwards'],
      ['--apply', 'then runs the SQL'],
    ],
  })
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

/**
 * Refuses SQL with hazards that `--allow` does not name. Without the option everything is shown.
 * Throws SCHEMA_HAZARD_NOT_ALLOWED, SCHEMA_USAGE.
 */
export function refuseHazards(context: CommandContext, plan: Plan): void {
  const text = textOption(context, 'allow')
  if (text === null) return
  const allowed = parseAllowed(text)
  const beyond = hazardsBeyond(plan, allowed)
  if (beyond.length === 0) return
  const names = [...new Set(beyond.map(hazardName))]
  throw new SchemaError('SCHEMA_HAZARD_NOT_ALLOWED', {
    what: 'The SQL has hazards that --allow does not name. It is not shown, and nothing was run.',
    facts: [
      ['allowed', allowed.size === 0 ? 'none' : [...allowed].join(', ')],
      [
        'not allowed',
        shortenList(beyond.map((hazard) => `${hazardName(hazard)}  ${describeHazard(hazard)}`)),
      ],
    ],
    choices: [
      [`--allow ${[...allowed, ...names].join(',')}`, 'accepts them'],
      ['without --allow', 'shows the SQL with its hazards, and runs nothing'],
    ],
  })
}
