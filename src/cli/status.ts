import { listTargets } from '../config/targets.js'
import type { Config } from '../config.js'
import { ignoredBy } from '../core/decision.js'
import { describeIgnored } from '../core/narrative.js'
import { count } from '../core/words.js'
import { type ExitCode, SchemaError } from '../errors.js'
import { describeAddress } from '../postgres/address.js'
import { interruptedAttempts } from '../postgres/ledger.js'
import { describeDecision } from '../situations.js'
import { describeStale } from '../snapshot.js'
import { withWorkspace } from '../workspace.js'
import { assessmentDocument } from './assessment-document.js'
import type { CommandContext, CommandResult, Run } from './command.js'
import { exitOf, look, type Looked } from './look.js'
import { renderTable } from './table.js'

/** `schemagate status`: one database, or with `--all` each environment. Reads only. */
export const run: Run = (context) =>
  context.options['all'] === true ? statusOfAll(context) : statusOfOne(context)

async function statusOfOne(context: CommandContext): Promise<CommandResult> {
  const { config, report } = context
  return withWorkspace({ config, report }, async (workspace) => {
    const looked = await look(workspace, context)
    return {
      exit: exitOf(looked.decision),
      text: describe(looked, config),
      document: assessmentDocument(looked, config),
    }
  })
}

function describe(looked: Looked, { target }: Config): string {
  const { inspection, assessment, decision, stale } = looked
  const { position, current, head, pending, unknown, applied } = assessment.history
  const interrupted = inspection.ledger === null ? [] : interruptedAttempts(inspection.ledger)
  const rows: readonly (readonly [string, string])[] = [
    [
      'database',
      `${describeAddress(inspection.database)}  (environment ${target}, PostgreSQL ${inspection.serverVersion})`,
    ],
    ['position', position],
    ['current', current ?? 'none'],
    ['head', head ?? 'none'],
    ['applied', count(applied.length, 'revision')],
    ...listRows('pending', pending),
    ...listRows('unknown', unknown),
    ...listRows(
      'interrupted',
      interrupted.map(({ revision, host, at }) => `${revision}, started by ${host} at ${at}`),
    ),
    ...listRows('stale', describeStale(stale)),
    ...listRows('ignored', describeIgnored(ignoredBy(assessment))),
    ['gate', gateText(decision.action, describeDecision(decision, assessment))],
  ]
  return rows.map(([name, value]) => `${name.padEnd(13)}${value}`.trimEnd()).join('\n')
}

function gateText(action: string, reasons: readonly string[]): string {
  return reasons.length === 0 ? action : `${action}: ${reasons.join(' ')}`
}

function listRows(name: string, lines: readonly string[]): readonly (readonly [string, string])[] {
  return lines.map((line, index) => [index === 0 ? name : '', line] as const)
}

interface Row {
  readonly environment: string
  readonly exit: ExitCode
  readonly cells: readonly string[]
  readonly document: unknown
}

async function statusOfAll(context: CommandContext): Promise<CommandResult> {
  const targets = listTargets(context.config.root)
  if (targets.length === 0)
    throw new SchemaError('SCHEMA_USAGE', {
      what: 'There is no environment: config/ holds no TARGET.json.',
      choices: [['config/production.json', 'makes an environment "production", even when it holds only {}']],
    })
  const rows: Row[] = []
  for (const target of targets) rows.push(await statusOfTarget(target, context))
  const head = ['environment', 'database', 'position', 'current', 'pending', 'gate']
  return {
    exit: worst(rows.map(({ exit }) => exit)),
    text: renderTable([head, ...rows.map(({ cells }) => cells)]),
    document: {
      environments: rows.map(({ environment, exit, document }) => ({ environment, exit, document })),
    },
  }
}

/** What goes wrong in one environment is its row, and the others are still looked at. */
async function statusOfTarget(target: string, context: CommandContext): Promise<Row> {
  try {
    const config = { ...context.configOf(target), connectTimeout: 2_000 }
    return await withWorkspace({ config, report: () => {} }, async (workspace) => {
      const looked = await look(workspace, { ...context, report: () => {} })
      const { inspection, assessment, decision } = looked
      const { position, current, pending } = assessment.history
      const cells = [
        target,
        describeAddress(inspection.database),
        position,
        current ?? 'none',
        String(pending.length),
        decision.action,
      ]
      return {
        environment: target,
        exit: exitOf(decision),
        cells,
        document: assessmentDocument(looked, config),
      }
    })
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    const { code, message, exitCode } = error
    const cells = [target, databaseIn(error), '-', '-', '-', `${code}: ${message}`]
    return { environment: target, exit: exitCode, cells, document: { error: { code, message } } }
  }
}

function databaseIn({ facts }: SchemaError): string {
  const value = facts.find(([name]) => name === 'database')?.[1]
  return typeof value === 'string' ? value : '-'
}

function worst(codes: readonly ExitCode[]): ExitCode {
  return codes.find((code) => code !== 0) ?? 0
}
