import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../config/config.js'
import { isRecord } from '../core/text/is-record.js'
import { errorMessage } from '../core/text/redact.js'
import { describeError, SchemaError } from '../errors/schema-error.js'
import { createHealthTracker, type HealthTracker } from '../gate/health-state.js'
import { startGate } from '../gate/start-gate.js'
import { type Log, logRefusal, createLogReporter } from '../logging/log.js'
import { openFleetDatabase } from './fleet-database.js'

/** How long closing may take beyond SHUTDOWN_DELAY before the process is ended anyway, in milliseconds. */
const shutdownTimeout = 20_000

/** The processor raises these, and a handler that returns repeats what raised them, for ever. */
const faultSignals = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const

/** A terminal, timeout and npm each pass these on: the second is the first again, and must not cut closing short. */
const stopSignals = ['SIGTERM', 'SIGINT'] as const

/**
 * The service: health port, gate, application port, signals. Resolves with the exit code once the gate refused; once it
 * listens it resolves with null, and the process ends by signal.
 */
export async function serve(config: Config, log: Log): Promise<number | null> {
  const health = createHealthTracker(config)
  const stop = new AbortController()
  const closing: (() => Promise<void>)[] = []
  const closeAll = async (): Promise<void> => {
    for (const close of closing.splice(0).toReversed()) await close()
  }
  let asked: string | null = null
  const story = start({ config, log, health, signal: stop.signal, closers: closing })
  const grace = closeWithGrace(
    {
      delay: config.http.shutdownDelay + shutdownTimeout,
      logger: false,
      skip: [...faultSignals, ...stopSignals],
      onTimeout: () => log.fatal('closing took too long: ended with what was still open'),
      onSecondError: (err) => log.fatal({ err }, 'unexpected failure while closing'),
    },
    async ({ err }) => {
      if (err) log.fatal({ err }, 'unexpected failure')
      stop.abort()
      await story.catch(() => null)
      await drain({ config, log, health, signal: asked ?? 'error' })
      await closeAll().catch((error: unknown) => {
        log.fatal({ err: error }, 'unexpected failure while closing')
        throw error
      })
    },
  )
  const ignore = onFirstStopSignal((signal) => {
    asked = signal
    if (!health.view().started) createLogReporter(log)({ event: 'stopping', signal })
    void grace.close()
  })
  try {
    await story
    return null
  } catch (error) {
    if (stop.signal.aborted) {
      logRefusal(log, error, 'warn')
      return null
    }
    grace.uninstall()
    ignore()
    logRefusal(log, error)
    await writeTerminationMessage(config, { error, log })
    await closeAll()
    return error instanceof SchemaError ? error.exitCode : 1
  }
}

/** Calls once, and swallows the others until it is ended by the function it returns. */
function onFirstStopSignal(act: (signal: string) => void): () => void {
  let stopping = false
  const onStop = (signal: string): void => {
    if (!stopping) act(signal)
    stopping = true
  }
  for (const signal of stopSignals) process.on(signal, onStop)
  return () => {
    for (const signal of stopSignals) process.off(signal, onStop)
  }
}

interface StartContext {
  readonly config: Config
  readonly log: Log
  readonly health: HealthTracker
  readonly signal: AbortSignal
  /** What has to be closed, in the order it was opened. */
  readonly closers: (() => Promise<void>)[]
}

async function start(starting: StartContext): Promise<void> {
  const { config, log, health, signal, closers } = starting
  if (config.http.healthPort !== null) await listenForProbes(starting, config.http.healthPort)
  const gate = await startGate(config, { log, report: createLogReporter(log), health, signal })
  closers.push(gate.close)
  const { buildApp } = await import('./app.js')
  const fleet = await openFleetDatabase({ config, health, log, workspace: gate.workspace })
  if (fleet !== null) closers.push(fleet.close)
  const app = await buildApp({ config, health, log, fleet: fleet?.repository ?? null })
  closers.push(() => app.close())
  await listen(app, { port: config.http.port, what: '/health/schema', starting })
}

async function listenForProbes(starting: StartContext, port: number): Promise<void> {
  const { buildApp } = await import('./app.js')
  const app = await buildApp({ ...starting, fleet: null })
  starting.closers.push(() => app.close())
  await listen(app, { port, what: 'health routes only', starting })
}

interface Listening {
  readonly port: number
  readonly what: string
  readonly starting: StartContext
}

async function listen(app: FastifyInstance, { port, what, starting }: Listening): Promise<void> {
  const { config, log } = starting
  await app.listen({ host: config.http.host, port, listenTextResolver: () => '' }).catch((cause: unknown) => {
    throw new SchemaError('SCHEMA_CONFIG_INVALID', {
      what: `Port ${port} cannot be bound: ${isRecord(cause) ? String(cause['code']) : String(cause)}. The service did not start.`,
      facts: [['address', `${config.http.host} port ${port}`]],
      choices: [['PORT, HEALTH_PORT, HOST', 'name another address']],
      cause,
    })
  })
  createLogReporter(log)({ event: 'listening', address: listeningAddress(app), what })
}

function listeningAddress(app: FastifyInstance): string {
  const address = app.server.address()
  if (address === null || typeof address === 'string') return String(address)
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
}

interface Draining {
  readonly config: Config
  readonly log: Log
  readonly health: HealthTracker
  readonly signal: string
}

/**
 * Not ready any more, but still serving: Fastify answers 503 to everything once closing has begun. A gate that has not
 * opened serves nobody.
 */
async function drain({ config, log, health, signal }: Draining): Promise<void> {
  const { started, documents } = health.view()
  if (!started && documents.public.refused === undefined) return
  const delay = started ? config.http.shutdownDelay : 0
  const draining = { event: 'draining', signal, delay } as const
  health.report(draining)
  createLogReporter(log)(draining)
  if (delay > 0) await sleep(delay)
}

/** Kubernetes shows this file's content; it is there only where Kubernetes made it. */
async function writeTerminationMessage(
  { terminationLog }: Config,
  { error, log }: { readonly error: unknown; readonly log: Log },
): Promise<void> {
  const text = error instanceof SchemaError ? describeError(error) : errorMessage(error)
  try {
    await writeFile(terminationLog, text.slice(0, 4096), { flag: 'r+' })
  } catch (cause) {
    if (!isRecord(cause) || cause['code'] !== 'ENOENT')
      log.warn({ err: cause }, `the termination message could not be written to ${terminationLog}`)
  }
}
