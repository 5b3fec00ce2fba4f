import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { stopTestServer } from '../test/support/server.js'

/** The measuring is a process of its own, because the embedded PostgreSQL cannot be stopped by a process that has used it. */
const run = fileURLToPath(new URL('bench.ts', import.meta.url))
const words = [...process.execArgv, run, ...process.argv.slice(2)]
const child = spawn(process.execPath, words, { stdio: 'inherit' })
// A terminal sends its signals to the child too, which cleans up first.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
const [code] = await once(child, 'exit')
await stopTestServer()
process.exitCode = typeof code === 'number' ? code : 1
