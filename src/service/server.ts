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
import { createLogReporter, logRefusal, type ServiceLog } from '../logging/log.js'
import type { Api, LoadApi } from './app.js'
import { listeningHost } from './listening-host.js'

/** How long closing may take after SHUTDOWN_DELAY, in milliseconds. Then the process ends with connections still open. */
export const shutdownTimeout = 20_000

/** The processor raises these. When a handler returns, the same instruction raises its signal again, without end. */
const faultSignals = ['SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGSEGV'] as const

/** A terminal, `timeout` and npm pass these on, so that one request to stop can arrive twice; the second changes nothing. */
const stopSignals = ['SIGTERM', 'SIGINT'] as const

/** A running service, from its start until it has closed. */
interface Service {
  readonly config: Config
  readonly log: ServiceLog
  readonly health: HealthTracker
  /** Aborted when the process is asked to stop. */
  readonly stop: AbortController
  /** What to close, in the order in which it was opened. */
  readonly closers: (() => Promise<void>)[]
}

/**
 * Runs the service: health port, gate, application port, signals. `loadApi` loads the API that it serves beside the health
 * routes, null for none. Resolves with the exit code if the service does not start, and with null once it listens; from then
 * on the process ends after a signal.
 */
export async function serve(
  config: Config,
  log: ServiceLog,
  loadApi: LoadApi | null,
): Promise<number | null> {
  const health = createHealthTracker(config)
  const service: Service = { config, log, health, stop: new AbortController(), closers: [] }
  const started = start(service, loadApi)
  const ignoreSignals = closeOnSignal(service, started)
  try {
    await started
    return null
  } catch (error) {
    if (service.stop.signal.aborted) {
      logRefusal(log, error, 'warn')
      return null
    }
    ignoreSignals()
    logRefusal(log, error)
    await writeTerminationMessage(config.terminationLog, error, log)
    await closeAll(service)
    return error instanceof SchemaError ? error.exitCode : 1
  }
}

async function closeAll({ closers }: Service): Promise<void> {
  for (const close of closers.splice(0).toReversed()) await close()
}

/** Drains and closes the service on a signal or an uncaught error. Returns a function that removes these handlers. */
function closeOnSignal(service: Service, started: Promise<void>): () => void {
  const { config, log, health, stop } = service
  let asked: string | null = null
  const grace = closeWithGrace(
    {
      delay: config.http.shutdownDelay + shutdownTimeout,
      logger: false,
      skip: [...faultSignals, ...stopSignals],
      onTimeout: () => log.fatal('Closing took too long. The process ended with connections still open.'),
      onSecondError: (err) => log.fatal({ err }, 'The service failed while it was closing.'),
    },
    async ({ err }) => {
      if (err) log.fatal({ err }, 'The service failed unexpectedly. It closes.')
      stop.abort()
      await started.catch(() => null)
      await drain(service, asked ?? 'error')
      await closeAll(service).catch((error: unknown) => {
        log.fatal({ err: error }, 'The service failed while it was closing.')
        throw error
      })
    },
  )
  const ignore = onFirstStopSignal((signal) => {
    asked = signal
    if (!health.view().started) createLogReporter(log)({ event: 'stopping', signal })
    void grace.close()
  })
  return () => {
    grace.uninstall()
    ignore()
  }
}

/** Calls `act` for the first signal and ignores the others. Returns a function that ends this. */
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

async function start(service: Service, loadApi: LoadApi | null): Promise<void> {
  const { config, log, health, stop, closers } = service
  const { port, healthPort } = config.http
  if (healthPort !== null) await listen(service, healthPort, 'health routes only', null)
  const report = createLogReporter(log)
  const loadServing = onceLoaded(() => Promise.all([loadApi?.(), import('./app.js')]))
  const { gate, workspace } = await startGate(config, {
    log,
    report,
    health,
    signal: stop.signal,
    // Loading keeps this process busy: before the question it would only delay it.
    onAsked: () => void setImmediate(() => void loadServing().catch(() => {})),
  })
  closers.push(gate.close)
  const [openApi] = await loadServing()
  const api = (await openApi?.({ config, health, log, connection: workspace.connection })) ?? null
  if (api !== null) closers.push(api.close)
  await listen(service, port, '/health/schema', api)
}

function onceLoaded<T>(load: () => Promise<T>): () => Promise<T> {
  let loading: Promise<T> | undefined
  return () => (loading ??= load())
}

/** Builds an application and binds it to a port; `what` names in the log what is served there. */
async function listen(
  { config, log, health, closers }: Service,
  port: number,
  what: string,
  api: Api | null,
): Promise<void> {
  const { buildApp } = await import('./app.js')
  const app = await buildApp(config, health, log, { api })
  closers.push(() => app.close())
  const host = await listeningHost(config, log)
  await app.listen({ host, port, listenTextResolver: () => '' }).catch((cause: unknown) => {
    throw new SchemaError('SCHEMA_CONFIG_INVALID', {
      what: `Port ${port} cannot be bound: ${isRecord(cause) ? String(cause['code']) : String(cause)}. The service did not start.`,
      facts: [['address', `${host} port ${port}`]],
      choices: [['PORT, HEALTH_PORT, HOST', 'set a different address']],
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

/**
 * Turns readiness to 503 while the routes still answer: once Fastify closes, it answers 503 to every request. A service
 * whose gate has not opened gets no requests, so it has nothing to drain.
 */
async function drain({ config, log, health }: Service, signal: string): Promise<void> {
  const { started, documents } = health.view()
  if (!started && documents.public.refused === undefined) return
  const delay = started ? config.http.shutdownDelay : 0
  const draining = { event: 'draining', signal, delay } as const
  health.report(draining)
  createLogReporter(log)(draining)
  if (delay > 0) await sleep(delay)
}

/** Kubernetes shows the content of this file. The file exists only where Kubernetes has created it. */
async function writeTerminationMessage(path: string, error: unknown, log: ServiceLog): Promise<void> {
  const text = error instanceof SchemaError ? describeError(error) : errorMessage(error)
  try {
    await writeFile(path, text.slice(0, 4096), { flag: 'r+' })
  } catch (cause) {
    if (!isRecord(cause) || cause['code'] !== 'ENOENT')
      log.warn({ err: cause }, `The termination message could not be written to ${path}.`)
  }
}
