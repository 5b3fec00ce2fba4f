// Preloaded into the processes that the bench measures: only a process itself can say what it has used.
const { readFileSync, writeFileSync } = require('node:fs')
const { isMainThread } = require('node:worker_threads')

const { USAGE_FILE: file } = process.env
if (isMainThread && file)
  process.on('exit', () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
    const usage = { cpu: (userCPUTime + systemCPUTime) / 1_000, rss: (peak() ?? maxRSS) * 1_024 }
    writeFileSync(file, JSON.stringify(usage))
  })

/** Linux lets a process inherit the maxRSS of the one that forked it, but not this. */
function peak() {
  if (process.platform !== 'linux') return null
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}
