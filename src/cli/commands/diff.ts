import { assessImpact, type Finding } from '../../core/impact/assess-impact.js'
import { count } from '../../core/model/describe.js'
import { compareWithin } from '../../core/model/scope.js'
import { planChanges } from '../../ddl/plan/plan.js'
import { scriptOf } from '../../ddl/plan/script.js'
import type { Plan } from '../../ddl/statement.js'
import { readSides, type Side } from '../../operations/diff/catalog-source.js'
import { withWorkspace } from '../../workspace.js'
import type { CommandResult, Run } from './command.js'
import { describeFindings } from './report.js'

/** `schemagate diff FROM TO`: what differs, and the SQL that brings the one to the other. Changes neither. */
export const run: Run = async (context): Promise<CommandResult> =>
  withWorkspace(context, async (workspace) => {
    const [fromWord = '', toWord = ''] = context.words
    const [from, to] = await readSides([fromWord, toWord], workspace)
    const expected = { catalog: to.catalog, undetermined: {}, tolerated: new Set<string>() }
    const { kept } = compareWithin(expected, from.catalog, { scope: context.config.verify.scope })
    const findings = kept.map((difference) => assessImpact(difference, to.catalog))
    const plan = planChanges({ from: from.catalog, to: to.catalog, differences: kept })
    const only = context.options['sql'] === true
    return {
      exit: findings.length === 0 ? 0 : 4,
      text: only ? scriptOf(plan) : describe({ from, to, findings, plan }),
      document: { from: from.name, to: to.name, differences: findings, ...plan },
    }
  })

interface Compared {
  readonly from: Side
  readonly to: Side
  readonly findings: readonly Finding[]
  readonly plan: Plan
}

function describe({ from, to, findings, plan }: Compared): string {
  const head = `from  ${from.name}\nto    ${to.name}`
  if (findings.length === 0) return `${head}\n\nno difference`
  return [
    head,
    ...describeFindings(findings),
    `${count(findings.length, 'difference')}. What brings the one to the other:`,
    scriptOf(plan),
  ].join('\n\n')
}
