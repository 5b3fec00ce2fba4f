import { runCommandLine } from './cli/command-line.js'

// The service of this project: every command of schemagate, and `serve` offers the fleet API beside the health routes.
await runCommandLine(async () => (await import('./service/fleet-api.js')).openFleetApi)
