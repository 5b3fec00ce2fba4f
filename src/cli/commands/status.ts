import type { Config } from '../../config/config.js'
import { listTargets } from '../../config/list-targets.js'
import { describeCompletion } from '../../core/history/completion.js'
import { ignoredDifferencesOf } from '../../core/history/decision.js'
import { describeHistoryChange } from '../../core/history/file-changes.js'
import type { DatabaseIdentity } from '../../core/history/ownership.js'
import { describeIgnored } from '../../core/progress/messages.js'
import { formatCount } from '../../core/text/format.js'
import { toPrintable } from '../../core/text/printable.js'
import { type ExitCode, SchemaError } from '../../errors/schema-error.js'
import { exitCodeOf, readDatabaseState, type DatabaseState } from '../../gate/read-state.js'
import { describeDecision } from '../../gate/situations/refusal.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { describeAttempt } from '../../postgres/verify/half-applied-error.js'
import {
  isHalfApplied,
  type UnfinishedRevision,
  mayHaveLeftObjects,
} from '../../postgres/verify/unfinished-revisions.js'
import { describeStale } from '../../snapshot/usable.js'
import { withWorkspace } from '../../workspace.js'
import { assessmentDocument } from './assessment-report.js'
import type { CommandContext, CommandResult, CommandHandler } from './command.js'

/** `schemagate status`: one database, or with `--all` each environment. Reads only. */
export const run: CommandHandler = (context) =>
  context.options['all'] === true ? statusOfAll(context) : statusOfOne(context)

async function statusOfOne(context: CommandContext): Promise<CommandResult> {
  const { config, report } = context
  return withWorkspace({ config, report }, async (workspace) => {
    const looked = await readDatabaseState(workspace, context)
    return {
      exit: exitCodeOf(looked.decision),
      text: describeStatus(looked, config),
      document: { ...assessmentDocument(looked, config), ...unfinishedDocument(looked) },
    }
  })
}

function unfinishedDocument({ unfinished, inspection }: DatabaseState) {
  return unfinished.length === 0
    ? {}
    : {
        [inspection.locked ? 'running' : 'interrupted']: unfinished.map(
          ({ revision, lastEvent, completion }) => ({
            revision,
            event: lastEvent?.event,
            host: lastEvent?.host,
            at: lastEvent?.at,
            standing: completion,
          }),
        ),
      }
}

/** Somebody holds the lock: what is there by now says nothing. */
function describeRunning({ lastEvent }: UnfinishedRevision): readonly string[] {
  return lastEvent === null ? [] : [describeAttempt(lastEvent)]
}

/** What had a transaction left nothing. */
function describeUnfinished(stood: UnfinishedRevision): readonly string[] {
  const { completion } = stood
  const half = isHalfApplied(stood)
  return [
    ...describeRunning(stood),
    ...(mayHaveLeftObjects(stood) ? describeCompletion(completion).map((line) => `  ${line}`) : []),
    ...(half ? ['  schemagate repair shows what resolves it'] : []),
  ]
}

function describeStatus(looked: DatabaseState, { target }: Config): string {
  const { inspection, assessment, decision, stale, unfinished } = looked
  const { position, current, head, pending, unknown, applied } = assessment.history
  const rows: readonly (readonly [string, string])[] = [
    [
      'database',
      `${describeAddress(inspection.database)}  (environment ${target}, PostgreSQL ${inspection.serverVersion})`,
    ],
    ...identityRow(inspection.identity),
    ['position', position],
    ['current', current ?? 'none'],
    ['head', head ?? 'none'],
    ['applied', formatCount(applied.length, 'revision')],
    ...listRows('pending', pending),
    ...listRows('unknown', unknown),
    ...listRows('changed', assessment.changed.map(describeHistoryChange)),
    ...(inspection.locked
      ? listRows('running', unfinished.flatMap(describeRunning))
      : listRows('interrupted', unfinished.flatMap(describeUnfinished))),
    ...listRows('stale', describeStale(stale)),
    ...listRows('ignored', describeIgnored(ignoredDifferencesOf(assessment))),
    ['gate', describeGate(decision.action, describeDecision(decision, assessment))],
  ]
  return rows.map(([name, value]) => `${name.padEnd(13)}${toPrintable(value)}`.trimEnd()).join('\n')
}

function identityRow(identity: DatabaseIdentity | null): readonly (readonly [string, string])[] {
  if (identity === null) return []
  const { service, environment, id, since } = identity
  return [['identity', `service ${service}, environment ${environment}  (${id}, since ${since})`]]
}

function describeGate(action: string, reasons: readonly string[]): string {
  return reasons.length === 0 ? action : `${action}: ${reasons.join(' ')}`
}

function listRows(name: string, lines: readonly string[]): readonly (readonly [string, string])[] {
  return lines.map((line, index) => [index === 0 ? name : '', line] as const)
}

interface StatusRow {
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
  const rows: StatusRow[] = []
  for (const target of targets) rows.push(await statusOfTarget(target, context))
  const head = ['environment', 'database', 'position', 'current', 'pending', 'gate']
  return {
    exit: firstFailure(rows.map(({ exit }) => exit)),
    text: renderTable([head, ...rows.map(({ cells }) => cells)]),
    document: {
      environments: rows.map(({ environment, exit, document }) => ({ environment, exit, document })),
    },
  }
}

/** What goes wrong in one environment is its row, and the others are still looked at. */
async function statusOfTarget(target: string, context: CommandContext): Promise<StatusRow> {
  try {
    const config = { ...context.loadConfigFor(target), connectTimeout: 2_000 }
    return await withWorkspace({ config, report: () => {} }, async (workspace) => {
      const looked = await readDatabaseState(workspace, { ...context, report: () => {} })
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
        exit: exitCodeOf(decision),
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

function firstFailure(codes: readonly ExitCode[]): ExitCode {
  return codes.find((code) => code !== 0) ?? 0
}

/** Rows as aligned columns; the first row is the head. */
export function renderTable(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => row.map(toPrintable))
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
