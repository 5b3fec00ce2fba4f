import { enableCompileCache } from './cli/compile-cache.js'
import { commands } from './cli/registry.js'

// The service of this project: every command of schemagate, and `serve` offers the fleet API beside the health routes.
enableCompileCache()
const { runCommandLine } = await import('./cli/command-line.js')
await runCommandLine(commands, async () => (await import('./service/fleet-api.js')).openFleetApi)
