import { assessImpact, type Finding } from '../../core/impact/assess-impact.js'
import { compareInScope } from '../../core/model/scope.js'
import { formatCount } from '../../core/text/format.js'
import { planChanges } from '../../ddl/plan/plan.js'
import { renderScript } from '../../ddl/plan/script.js'
import type { Plan } from '../../ddl/statement.js'
import { readSourcePair } from '../../operations/diff/catalog-source.js'
import { withWorkspace } from '../../workspace.js'
import { describeFindings } from './assessment-report.js'
import type { CommandResult, CommandHandler } from './command.js'

/** `schemagate diff FROM TO`: what differs, and the SQL that leads from FROM to TO. It changes neither. */
export const run: CommandHandler = async (context): Promise<CommandResult> =>
  withWorkspace(context, async (workspace) => {
    const [fromSource = '', toSource = ''] = context.positionals
    const [from, to] = await readSourcePair(fromSource, toSource, workspace)
    const undetermined = { ...from.undetermined, ...to.undetermined }
    const expected = { catalog: to.catalog, undetermined, tolerated: new Set<string>() }
    const { differences } = compareInScope(expected, from.catalog, context.config.verify.scope)
    const findings = differences.map((difference) => assessImpact(difference, to.catalog, from.catalog))
    const plan = planChanges(from.catalog, to.catalog, { differences, serverMajor: from.major })
    const isSqlOnly = context.options['sql'] === true
    return {
      exit: findings.length === 0 ? 0 : 4,
      text: isSqlOnly ? renderScript(plan) : describeComparison(from.name, to.name, findings, plan),
      document: { from: from.name, to: to.name, differences: findings, ...plan },
    }
  })

function describeComparison(from: string, to: string, findings: readonly Finding[], plan: Plan): string {
  const head = `from  ${from}\nto    ${to}`
  if (findings.length === 0) return `${head}\n\nNo difference.`
  return [
    head,
    ...describeFindings(findings),
    `${formatCount(findings.length, 'difference')}. This SQL leads from the first to the second:`,
    renderScript(plan),
  ].join('\n\n')
}
