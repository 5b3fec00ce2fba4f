import type { Row } from '../support/database.js'
import { type Ended, logOf } from '../support/process.js'
import { explains, type Inflicted } from './journal.js'
import type { Failure, Sent } from './load.js'
import type { Probes } from './probes.js'
import { quantile, type Sample, trendOf } from './meters.js'

/** A process of a service that has ended. */
export interface Past {
  readonly service: string
  readonly ended: Ended
  /** The signal that was to end it. */
  readonly asked: NodeJS.Signals
}

/** Everything that was seen. */
export interface Evidence {
  readonly faults: readonly Inflicted[]
  readonly pasts: readonly Past[]
  readonly sent: readonly Sent[]
  /** What is stored of the clients' reports: `instance`, `id`, and `current`, which is the instance. */
  readonly stored: readonly Row[]
  readonly failures: readonly Failure[]
  readonly probes: Pick<Probes, 'times' | 'wrong' | 'unready'>
  /** Of the process that lived all the time. */
  readonly samples: readonly Sample[]
  /** The most connections that a process had at a time, and how many were left after all had ended. */
  readonly connections: { readonly most: number; readonly left: number }
}

export interface Accounts {
  readonly acknowledged: number
  readonly lost: readonly string[]
  readonly duplicates: readonly string[]
  readonly strange: readonly string[]
  /** Stored, though the client never heard so. */
  readonly unheard: number
}

/** Pool and watch, and one that is being replaced. */
const connectionLimit = 12
const probeLimits = { usually: 100, ever: 2_000 }

/** What was sent against what is stored. */
export function account({ sent, stored }: Pick<Evidence, 'sent' | 'stored'>): Accounts {
  const found = new Map<string, string[]>()
  for (const { instance, id } of stored)
    found.set(String(instance), [...(found.get(String(instance)) ?? []), String(id)])
  const acknowledged = sent.filter(({ id }) => id !== null)
  const known = new Set(sent.map(({ instance }) => instance))
  return {
    acknowledged: acknowledged.length,
    lost: acknowledged
      .filter(({ instance, id }) => id !== null && !found.get(instance)?.includes(id))
      .map(({ instance }) => instance),
    duplicates: [...found].filter(([, ids]) => ids.length > 1).map(([instance]) => instance),
    strange: stored
      .filter(({ instance, current }) => !known.has(String(instance)) || current !== instance)
      .map(({ instance }) => String(instance)),
    unheard: sent.filter(({ instance, id }) => id === null && found.has(instance)).length,
  }
}

/** Everything that is not as it should be, in words; none: the books balance. */
export function defectsOf(evidence: Evidence): readonly string[] {
  const { faults, pasts, probes, connections } = evidence
  const { acknowledged, lost, duplicates, strange } = account(evidence)
  return [
    ...(acknowledged === 0 ? ['no report was acknowledged'] : []),
    ...(probes.times.length === 0 ? ['no probe was answered'] : []),
    ...faults.flatMap(({ name, defect }) => (defect === null ? [] : [`${name}: ${defect}`])),
    ...said('acknowledged reports are lost', lost),
    ...said('reports are stored more than once', duplicates),
    ...said('reports are stored that nobody sent so', strange),
    ...said('requests failed without a fault', unexplainedFailures(evidence)),
    ...said('answers to probes are wrong', probes.wrong),
    ...said('unready answers that no request deserved', undeservedlyUnready(evidence)),
    ...pasts.flatMap((past) => defectsOfPast(past, faults)),
    ...tooMuch('milliseconds for 99 % of the probes', quantile(probes.times, 0.99), probeLimits.usually),
    ...tooMuch('milliseconds for a probe', quantile(probes.times, 1), probeLimits.ever),
    ...tooMuch('connections of a process', connections.most, connectionLimit),
    ...tooMuch('connections left at the end', connections.left, 0),
    ...growth(evidence.samples),
  ]
}

function undeservedlyUnready({ probes, faults }: Evidence): readonly string[] {
  return probes.unready
    .filter(({ service, at }) => !explains(faults, service, { from: at, to: at }))
    .map(({ service, text }) => `${service}: ${text.slice(0, 300)}`)
}

function unexplainedFailures({ failures, faults }: Evidence): readonly string[] {
  return failures
    .filter(({ service, answer: { from, took } }) => !explains(faults, service, { from, to: from + took }))
    .map(
      ({ service, what, answer: { status, text } }) =>
        `${what} to ${service}: ${status} ${text.slice(0, 300)}`,
    )
}

function defectsOfPast({ service, ended, asked }: Past, faults: readonly Inflicted[]): readonly string[] {
  const { exit, stderr } = ended
  const expected = asked === 'SIGKILL' ? 'SIGKILL' : 0
  const lines = logOf(ended).filter(({ level, time }) => {
    const at = Number(time)
    return Number(level) >= 60 || (Number(level) >= 50 && !explains(faults, service, { from: at, to: at }))
  })
  return [
    ...(exit !== expected ? [`${service} ended with ${exit} on ${asked}`] : []),
    ...(stderr === '' ? [] : [`${service} wrote to stderr: ${stderr.slice(0, 1_000)}`]),
    ...said(
      `errors in the log of ${service} without a fault`,
      lines.map((line) => JSON.stringify(line).slice(0, 500)),
    ),
  ]
}

function growth(samples: readonly Sample[]): readonly string[] {
  const memory = trendOf(samples.map((sample) => sample.memory))
  const files = trendOf(samples.map((sample) => sample.files))
  return [
    ...(memory === null ? [] : tooMuch('MB of memory at the end', memory.last, memory.first * 1.25 + 16)),
    ...(files === null ? [] : tooMuch('open files at the end', files.last, files.first + connectionLimit)),
  ]
}

function tooMuch(what: string, found: number, limit: number): readonly string[] {
  return found <= limit ? [] : [`${Math.round(found)} ${what}, more than ${Math.round(limit)}`]
}

function said(what: string, found: readonly string[]): readonly string[] {
  return found.length === 0 ? [] : [[`${found.length} ${what}`, ...found.slice(0, 5)].join('\n    ')]
}
