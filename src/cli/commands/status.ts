import { listTargets } from '../../config/known-targets.js'
import { describeCompletion } from '../../core/history/completion.js'
import { ignoredDifferencesOf } from '../../core/history/decision.js'
import { describeHistoryChange } from '../../core/history/file-changes.js'
import type { DatabaseIdentity } from '../../core/history/ownership.js'
import { describeIgnored } from '../../core/progress/messages.js'
import { formatCount } from '../../core/text/format.js'
import { toPrintable } from '../../core/text/printable.js'
import { type ExitCode, SchemaError } from '../../errors/schema-error.js'
import { exitCodeOf, readDatabaseStatus, type DatabaseStatus } from '../../gate/read-status.js'
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
import { renderTable } from './table.js'

/** `schemagate status`: one database, or with `--all` each environment. Reads only. */
export const run: CommandHandler = (context) =>
  context.options['all'] === true ? statusOfAll(context) : statusOfOne(context)

async function statusOfOne(context: CommandContext): Promise<CommandResult> {
  const { config, report } = context
  return withWorkspace({ config, report }, async (workspace) => {
    const state = await readDatabaseStatus(workspace, context)
    return {
      exit: exitCodeOf(state.decision),
      text: describeStatus(state, config.target),
      document: { ...assessmentDocument(state, config.target), ...unfinishedDocument(state) },
    }
  })
}

function unfinishedDocument({ unfinished, inspection }: DatabaseStatus) {
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

/** For a revision that runs now: its objects say nothing yet. */
function describeRunning({ lastEvent }: UnfinishedRevision): readonly string[] {
  return lastEvent === null ? [] : [describeAttempt(lastEvent)]
}

/** For an interrupted revision: one in a transaction has left no objects. */
function describeInterrupted(unfinished: UnfinishedRevision): readonly string[] {
  const completion = mayHaveLeftObjects(unfinished) ? describeCompletion(unfinished.completion) : []
  return [
    ...describeRunning(unfinished),
    ...completion.map((line) => `  ${line}`),
    ...(isHalfApplied(unfinished) ? ['  schemagate repair shows how to resolve it'] : []),
  ]
}

function describeStatus(state: DatabaseStatus, target: string): string {
  const { inspection, assessment, decision, stale, unfinished } = state
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
      : listRows('interrupted', unfinished.flatMap(describeInterrupted))),
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
      what: 'There is no environment: config/ has no TARGET.json. Nothing was read.',
      choices: [['config/production.json', 'defines the environment "production", even if it holds only {}']],
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

/** An error in one environment becomes its row, so that the other environments are still shown. */
async function statusOfTarget(target: string, context: CommandContext): Promise<StatusRow> {
  try {
    const config = { ...context.loadConfigFor(target), connectTimeout: 2_000 }
    return await withWorkspace({ config, report: () => {} }, async (workspace) => {
      const state = await readDatabaseStatus(workspace, { ...context, report: () => {} })
      const { inspection, assessment, decision } = state
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
        document: assessmentDocument(state, target),
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
