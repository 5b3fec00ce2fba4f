#!/usr/bin/env node
import { enableCompileCache } from './compile-cache.js'
import { commands } from './registry.js'

enableCompileCache()
const { runCommandLine } = await import('./command-line.js')
await runCommandLine(commands, null)
