import { assessImpact, type Finding } from '../../core/impact/assess-impact.js'
import { compareInScope } from '../../core/model/scope.js'
import { formatCount } from '../../core/text/format.js'
import { planChanges } from '../../ddl/plan/plan.js'
import { renderScript } from '../../ddl/plan/script.js'
import type { Plan } from '../../ddl/statement.js'
import { readSourcePair, type SourceCatalog } from '../../operations/diff/catalog-source.js'
import { withWorkspace } from '../../workspace.js'
import { describeFindings } from './assessment-report.js'
import type { CommandResult, CommandHandler } from './command.js'

/** `schemagate diff FROM TO`: what differs, and the SQL that brings the one to the other. Changes neither. */
export const run: CommandHandler = async (context): Promise<CommandResult> =>
  withWorkspace(context, async (workspace) => {
    const [fromWord = '', toWord = ''] = context.positionals
    const [from, to] = await readSourcePair([fromWord, toWord], workspace)
    const expected = { catalog: to.catalog, undetermined: {}, tolerated: new Set<string>() }
    const { differences } = compareInScope(expected, from.catalog, {
      scope: context.config.verify.scope,
    })
    const findings = differences.map((difference) => assessImpact(difference, to.catalog))
    const plan = planChanges({ from: from.catalog, to: to.catalog, differences })
    const only = context.options['sql'] === true
    return {
      exit: findings.length === 0 ? 0 : 4,
      text: only ? renderScript(plan) : describeComparison({ from, to, findings, plan }),
      document: { from: from.name, to: to.name, differences: findings, ...plan },
    }
  })

interface Compared {
  readonly from: SourceCatalog
  readonly to: SourceCatalog
  readonly findings: readonly Finding[]
  readonly plan: Plan
}

function describeComparison({ from, to, findings, plan }: Compared): string {
  const head = `from  ${from.name}\nto    ${to.name}`
  if (findings.length === 0) return `${head}\n\nno difference`
  return [
    head,
    ...describeFindings(findings),
    `${formatCount(findings.length, 'difference')}. What brings the one to the other:`,
    renderScript(plan),
  ].join('\n\n')
}
