import { judgeRun } from './secrets.js'
import { stopTestServer } from './server.js'

await stopTestServer()
console.error(judgeRun())
