import { stopTestServer } from './server.js'

await stopTestServer()
