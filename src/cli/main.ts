#!/usr/bin/env node
import { enableCompileCache } from './compile-cache.js'

enableCompileCache()
const { runCommandLine } = await import('./command-line.js')
await runCommandLine(null)
