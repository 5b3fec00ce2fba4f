import { assessImpact, type Finding } from '../../core/impact/assess-impact.js'
import { compareInScope } from '../../core/model/scope.js'
import { formatCount } from '../../core/text/format.js'
import type { PlanContext } from '../../ddl/plan/runbook.js'
import { renderScript } from '../../ddl/plan/script.js'
import type { ProvenPlan } from '../../ddl/proof.js'
import {
  isLiveSource,
  readSourcePair,
  type SourceCatalog,
  sourceConnection,
  type SourceWorkspace,
} from '../../operations/diff/catalog-source.js'
import { readPlanContext } from '../../operations/proof/plan-context.js'
import { type ChangeGoal, proveChanges, proveUndo } from '../../operations/proof/prove-changes.js'
import type { ScratchChoice } from '../../operations/proof/prove-for-project.js'
import { SchemaError } from '../../errors/schema-error.js'
import { withClient } from '../../postgres/connection/connect.js'
import { readProjectCatalog } from '../../postgres/introspect/read-catalog.js'
import { loadUsableSnapshot } from '../../snapshot/usable.js'
import { withProjectWorkspace, withWorkspace, type Workspace } from '../../workspace.js'
import { applyConfirmed, refuseHazards, refuseUndoToApply } from './apply.js'
import { describeFindings } from './assessment-report.js'
import type { CommandContext, CommandResult, CommandHandler } from './command.js'

/**
 * `schemagate diff FROM TO`: what differs, and the SQL that leads from FROM to TO. It changes neither; `--apply` runs the SQL
 * where FROM is the configured database, and compares again.
 */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  refuseUndoToApply(context)
  if (context.options['apply'] === true)
    return withWorkspace(context, (workspace) => apply(context, workspace))
  return withSources(context, async (workspace) => {
    const compared = await compare(context, workspace)
    const { goal, plan } = compared
    const undo =
      context.options['undo'] === true ? await proveUndo(goal, plan, workspace, scratchFor(context)) : null
    refuseHazards(context, undo ?? plan)
    return resultOf(context, compared, undo === null ? {} : { undo })
  })
}

async function apply(context: CommandContext, workspace: Workspace): Promise<CommandResult> {
  if (context.positionals[0] !== 'database')
    throw new SchemaError('SCHEMA_USAGE', {
      what: '--apply changes FROM, and FROM is not the configured database. Nothing was done.',
      choices: [
        ['schemagate diff database TO --apply', 'changes the configured database'],
        ['--database-url URL', 'configures another database for this run'],
      ],
    })
  // What a snapshot prints in other words counts as the same in a comparison, but not as unchanged.
  const from = await withClient(workspace.connection, (client) =>
    readProjectCatalog(client, workspace.project),
  )
  const { plan, known } = await compare(context, workspace)
  refuseHazards(context, plan)
  const { snapshot } = await loadUsableSnapshot(workspace)
  const applied = await applyConfirmed(context, workspace, plan, { from, snapshot, known })
  return resultOf(context, await compare(context, workspace), { applied })
}

interface Comparison {
  readonly from: SourceCatalog
  readonly to: SourceCatalog
  readonly findings: readonly Finding[]
  readonly goal: ChangeGoal
  readonly plan: ProvenPlan
  readonly known: PlanContext
}

async function compare(context: CommandContext, workspace: SourceWorkspace): Promise<Comparison> {
  const [fromSource = '', toSource = ''] = context.positionals
  const [from, to] = await readSourcePair(fromSource, toSource, workspace)
  const undetermined = { ...from.undetermined, ...to.undetermined }
  const expected = { catalog: to.catalog, undetermined, tolerated: new Set<string>() }
  const { differences } = compareInScope(expected, from.catalog, context.config.verify.scope)
  const goal = {
    from: from.catalog,
    to: to.catalog,
    differences,
    undetermined,
    printedBy: to.major,
    major: from.major,
    isLive: isLiveSource(fromSource),
  }
  const plan = await proveChanges(goal, workspace, scratchFor(context))
  const known = await readPlanContext(goal, plan, sourceConnection(fromSource, workspace))
  const findings = differences.map((difference) => assessImpact(difference, to.catalog, from.catalog))
  return { from, to, findings, goal, plan, known }
}

/** Where two databases are compared, no server is started in the project. */
function scratchFor({ positionals }: CommandContext): ScratchChoice {
  return positionals.every(isLiveSource) ? 'configured' : 'any'
}

/** @param more how many steps were applied, for `--json`; the undo that was asked for */
function resultOf(
  { options }: CommandContext,
  { from, to, findings, plan, known }: Comparison,
  more: { readonly applied?: number; readonly undo?: ProvenPlan } = {},
): CommandResult {
  const script = more.undo === undefined ? renderScript(plan, known) : renderScript(more.undo)
  const isScript = options['sql'] === true || more.undo !== undefined
  return {
    exit: findings.length === 0 ? 0 : 4,
    text: isScript ? script : describeComparison(from.name, to.name, findings, script),
    document: {
      from: from.name,
      to: to.name,
      differences: findings,
      ...plan,
      sizes: Object.fromEntries(known.sizes),
      ...more,
    },
  }
}

/** The configured database is opened only where it is compared: it may be one that is started for this. */
async function withSources(
  context: CommandContext,
  use: (workspace: SourceWorkspace) => Promise<CommandResult>,
): Promise<CommandResult> {
  if (context.positionals.includes('database')) return withWorkspace(context, use)
  return withProjectWorkspace(context, (workspace) => use({ ...workspace, connection: null }))
}

function describeComparison(from: string, to: string, findings: readonly Finding[], script: string): string {
  const head = `from  ${from}\nto    ${to}`
  if (findings.length === 0) return `${head}\n\nNo difference.`
  return [
    head,
    ...describeFindings(findings),
    `${formatCount(findings.length, 'difference')}. This SQL leads from the first to the second:`,
    script,
  ].join('\n\n')
}
