import { assessImpact, type Finding } from '../../core/impact/assess-impact.js'
import { compareInScope } from '../../core/model/scope.js'
import { formatCount } from '../../core/text/format.js'
import { startWriterFor } from '../../ddl/plan/plan-start.js'
import { planChanges } from '../../ddl/plan/plan.js'
import { renderScript } from '../../ddl/plan/script.js'
import type { ProvenPlan } from '../../ddl/proof.js'
import {
  isLiveSource,
  readSourcePair,
  type SourceCatalog,
  type SourceWorkspace,
} from '../../operations/diff/catalog-source.js'
import { proveForProject } from '../../operations/proof/prove-for-project.js'
import { SchemaError } from '../../errors/schema-error.js'
import { withClient } from '../../postgres/connection/connect.js'
import { allAnnotations, ledgerTablesOf, readCatalog } from '../../postgres/introspect/read-catalog.js'
import { loadUsableSnapshot } from '../../snapshot/usable.js'
import { withProjectWorkspace, withWorkspace, type Workspace } from '../../workspace.js'
import { applyConfirmed, refuseHazards } from './apply.js'
import { describeFindings } from './assessment-report.js'
import type { CommandContext, CommandResult, CommandHandler } from './command.js'

/**
 * `schemagate diff FROM TO`: what differs, and the SQL that leads from FROM to TO. It changes neither; `--apply` runs the SQL
 * where FROM is the configured database, and compares again.
 */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  if (context.options['apply'] === true)
    return withWorkspace(context, (workspace) => apply(context, workspace))
  return withSources(context, async (workspace) => {
    const compared = await compare(context, workspace)
    refuseHazards(context, compared.plan)
    return resultOf(context, compared)
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
    readCatalog(client, { ...ledgerTablesOf(workspace.project), ...allAnnotations }),
  )
  const { plan } = await compare(context, workspace)
  refuseHazards(context, plan)
  const { snapshot } = await loadUsableSnapshot(workspace)
  const applied = await applyConfirmed(context, workspace, plan, { from, snapshot })
  return resultOf(context, await compare(context, workspace), { applied })
}

interface Comparison {
  readonly from: SourceCatalog
  readonly to: SourceCatalog
  readonly findings: readonly Finding[]
  readonly plan: ProvenPlan
}

async function compare(context: CommandContext, workspace: SourceWorkspace): Promise<Comparison> {
  const [fromSource = '', toSource = ''] = context.positionals
  const [from, to] = await readSourcePair(fromSource, toSource, workspace)
  const undetermined = { ...from.undetermined, ...to.undetermined }
  const expected = { catalog: to.catalog, undetermined, tolerated: new Set<string>() }
  const { differences } = compareInScope(expected, from.catalog, context.config.verify.scope)
  const { plan } = await proveForProject(
    {
      from: from.catalog,
      to: to.catalog,
      writeStart: startWriterFor(from.catalog),
      differences,
      undetermined,
      scope: { comments: true, grants: true },
      printedBy: to.major,
      target: isLiveSource(fromSource) ? from.major : null,
      plan: (refusals) =>
        planChanges(from.catalog, to.catalog, { differences, refusals, serverMajor: from.major }),
    },
    workspace,
    context.positionals.every(isLiveSource) ? 'configured' : 'any',
  )
  const findings = differences.map((difference) => assessImpact(difference, to.catalog, from.catalog))
  return { from, to, findings, plan }
}

/** @param done how many steps were applied, for `--json` */
function resultOf(
  { options }: CommandContext,
  { from, to, findings, plan }: Comparison,
  done: { readonly applied?: number } = {},
): CommandResult {
  return {
    exit: findings.length === 0 ? 0 : 4,
    text:
      options['sql'] === true ? renderScript(plan) : describeComparison(from.name, to.name, findings, plan),
    document: { from: from.name, to: to.name, differences: findings, ...plan, ...done },
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

function describeComparison(
  from: string,
  to: string,
  findings: readonly Finding[],
  plan: ProvenPlan,
): string {
  const head = `from  ${from}\nto    ${to}`
  if (findings.length === 0) return `${head}\n\nNo difference.`
  return [
    head,
    ...describeFindings(findings),
    `${formatCount(findings.length, 'difference')}. This SQL leads from the first to the second:`,
    renderScript(plan),
  ].join('\n\n')
}
