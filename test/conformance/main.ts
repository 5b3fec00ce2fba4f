import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { stopTestServer } from '../support/server.js'

/**
 * Cases run in a child process, because the embedded PostgreSQL stops only after the processes that use it have ended.
 */
const run = fileURLToPath(new URL('run.ts', import.meta.url))
const args = [...process.execArgv, run, ...process.argv.slice(2)]
const child = spawn(process.execPath, args, { stdio: 'inherit' })
// The terminal also sends the signal to the child, which cleans up before it ends.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
const [code] = await once(child, 'exit')
await stopTestServer()
process.exitCode = typeof code === 'number' ? code : 1
