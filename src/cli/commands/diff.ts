import { assessImpact, type Finding } from '../../core/impact/assess-impact.js'
import { compareInScope } from '../../core/model/scope.js'
import { formatCount } from '../../core/text/format.js'
import { startWriterFor } from '../../ddl/plan/plan-start.js'
import { planChanges } from '../../ddl/plan/plan.js'
import { renderScript } from '../../ddl/plan/script.js'
import type { ProvenPlan } from '../../ddl/proof.js'
import { isLiveSource, readSourcePair, type SourceWorkspace } from '../../operations/diff/catalog-source.js'
import { proveForProject } from '../../operations/proof/prove-for-project.js'
import { withProjectWorkspace, withWorkspace } from '../../workspace.js'
import { describeFindings } from './assessment-report.js'
import type { CommandContext, CommandResult, CommandHandler } from './command.js'

/** `schemagate diff FROM TO`: what differs, and the SQL that leads from FROM to TO. It changes neither. */
export const run: CommandHandler = async (context): Promise<CommandResult> =>
  withSources(context, async (workspace) => {
    const [fromSource = '', toSource = ''] = context.positionals
    const [from, to] = await readSourcePair(fromSource, toSource, workspace)
    const undetermined = { ...from.undetermined, ...to.undetermined }
    const expected = { catalog: to.catalog, undetermined, tolerated: new Set<string>() }
    const { differences } = compareInScope(expected, from.catalog, context.config.verify.scope)
    const findings = differences.map((difference) => assessImpact(difference, to.catalog, from.catalog))
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
    const isSqlOnly = context.options['sql'] === true
    return {
      exit: findings.length === 0 ? 0 : 4,
      text: isSqlOnly ? renderScript(plan) : describeComparison(from.name, to.name, findings, plan),
      document: { from: from.name, to: to.name, differences: findings, ...plan },
    }
  })

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
