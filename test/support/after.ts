import { removeOldBuilds } from './build.js'
import { judgeRun } from './secrets.js'
import { stopTestServer } from './server.js'

await stopTestServer()
await removeOldBuilds()
console.error(judgeRun())
