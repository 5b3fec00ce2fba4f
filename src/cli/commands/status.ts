import { listTargets } from '../../config/known-targets.js'
import { describeCompletion } from '../../core/history/completion.js'
import { ignoredDifferencesOf } from '../../core/history/decision.js'
import { describeHistoryChange } from '../../core/history/file-changes.js'
import type { History } from '../../core/history/history.js'
import type { DatabaseIdentity } from '../../core/history/ownership.js'
import { impacts } from '../../core/impact/assess-impact.js'
import { describeIgnored } from '../../core/progress/ignored.js'
import { formatCount } from '../../core/text/format.js'
import { toPrintable } from '../../core/text/printable.js'
import { type ExitCode, SchemaError } from '../../errors/schema-error.js'
import { type Forecast, forecastGate } from '../../gate/forecast.js'
import { readDatabaseStatus, type DatabaseStatus } from '../../gate/read-status.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { describeAttempt } from '../../postgres/verify/half-applied-error.js'
import {
  isHalfApplied,
  type UnfinishedRevision,
  mayHaveLeftObjects,
} from '../../postgres/verify/unfinished-revisions.js'
import { describeStale } from '../../snapshot/usable.js'
import { listEnvironments, withWorkspace } from '../../workspace.js'
import { assessmentDocument } from './assessment-report.js'
import type { CommandContext, CommandResult, CommandHandler } from './command.js'
import { renderTable } from './table.js'

/** `schemagate status`: one database, or with `--all` each environment. Reads only. */
export const run: CommandHandler = (context) =>
  context.options['all'] === true ? statusOfAll(context) : statusOfOne(context)

async function statusOfOne(context: CommandContext): Promise<CommandResult> {
  const { config } = context
  return withWorkspace(context, async (workspace) => {
    const state = await readDatabaseStatus(workspace, context)
    const forecast = forecastGate(state, workspace)
    return {
      exit: forecast.error?.exitCode ?? 0,
      text: describeStatus(state, forecast, config.target),
      document: { ...statusDocument(state, forecast, config.target), ...unfinishedDocument(state) },
    }
  })
}

function statusDocument(state: DatabaseStatus, { action, reasons, error }: Forecast, target: string) {
  const code = error === null ? {} : { code: error.code }
  return { ...assessmentDocument(state, target), gate: { action, reasons, ...code } }
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

function describeStatus(state: DatabaseStatus, forecast: Forecast, target: string): string {
  const { inspection, assessment, stale, unfinished } = state
  const { position, pending, unknown } = assessment.history
  const rows: readonly (readonly [string, string])[] = [
    [
      'database',
      `${describeAddress(inspection.database)}  (environment ${target}, PostgreSQL ${inspection.serverVersion})`,
    ],
    ...identityRow(inspection.identity),
    ['position', position],
    ...revisionRows(assessment.history),
    ...listRows('pending', pending),
    ...listRows('unknown', unknown),
    ...listRows('changed', assessment.changed.map(describeHistoryChange)),
    ...(inspection.locked
      ? listRows('running', unfinished.flatMap(describeRunning))
      : listRows('interrupted', unfinished.flatMap(describeInterrupted))),
    ...listRows('stale', describeStale(stale)),
    ...listRows('ignored', describeIgnored(ignoredDifferencesOf(assessment))),
    ['verified', describeDrift(state)],
    ['gate', describeGate(forecast)],
  ]
  return rows.map(([name, value]) => `${name.padEnd(13)}${toPrintable(value)}`.trimEnd()).join('\n')
}

/** A database that is built from models has no revisions. */
function revisionRows(history: History): readonly (readonly [string, string])[] {
  const { current, head, applied, models } = history
  if (models !== undefined && current === null) return [['built from', `${models}, not from migrations`]]
  return [
    ['current', current ?? 'none'],
    ['head', head ?? 'none'],
    ['applied', formatCount(applied.length, 'revision')],
  ]
}

function identityRow(identity: DatabaseIdentity | null): readonly (readonly [string, string])[] {
  if (identity === null) return []
  const { service, environment, id, since } = identity
  return [['identity', `service ${service}, environment ${environment}  (${id}, since ${since})`]]
}

function describeGate({ action, reasons }: Forecast): string {
  return reasons.length === 0 ? action : `${action}: ${reasons.join(' ')}`
}

/** What the comparison with the promise gave, in a few words. */
function describeDrift({ assessment }: DatabaseStatus): string {
  const { verification } = assessment
  if (verification.status === 'unverified') return 'NOTHING'
  if (Object.keys(verification.compared).length === 0) return 'nothing promised'
  const counts = impacts.flatMap((impact) => {
    const number = verification.findings.filter((finding) => finding.impact === impact).length
    return number === 0 ? [] : [`${number} ${impact}`]
  })
  return counts.join(', ') || 'as promised'
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
  const { config } = context
  const targets = [...new Set([...listTargets(config.root), ...(await listEnvironments(config))])]
  if (targets.length === 0)
    throw new SchemaError('SCHEMA_USAGE', {
      what: 'There is no environment: config/ has no TARGET.json, and the knexfile no sections. Nothing was read.',
      choices: [['config/production.json', 'defines the environment "production", even if it holds only {}']],
    })
  const rows: StatusRow[] = []
  for (const target of targets) rows.push(await statusOfTarget(target, context))
  const head = ['environment', 'database', 'position', 'current', 'pending', 'verified', 'identity', 'gate']
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
      const forecast = forecastGate(state, workspace)
      return {
        environment: target,
        exit: forecast.error?.exitCode ?? 0,
        cells: [target, ...cellsOf(state), forecast.action],
        document: statusDocument(state, forecast, target),
      }
    })
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error
    const { code, message, exitCode } = error
    const cells = [target, databaseIn(error), '-', '-', '-', '-', '-', `${code}: ${message}`]
    return { environment: target, exit: exitCode, cells, document: { error: { code, message } } }
  }
}

function cellsOf(state: DatabaseStatus): readonly string[] {
  const { inspection, assessment } = state
  const { position, current, pending } = assessment.history
  return [
    describeAddress(inspection.database),
    position,
    current ?? 'none',
    String(pending.length),
    describeDrift(state),
    inspection.identity === null
      ? 'none'
      : `${inspection.identity.service} ${inspection.identity.environment}`,
  ]
}

function databaseIn({ facts }: SchemaError): string {
  const value = facts.find(([name]) => name === 'database')?.[1]
  return typeof value === 'string' ? value : '-'
}

function firstFailure(codes: readonly ExitCode[]): ExitCode {
  return codes.find((code) => code !== 0) ?? 0
}
