import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a process takes up. */
export interface Sample {
  /** Megabytes. */
  readonly memory: number
  /** Open files and sockets. */
  readonly files: number
}

export interface Meter {
  readonly samples: readonly Sample[]
  readonly stop: () => Promise<void>
}

/** The beginning and the end of a stretch: medians of its first and last quarter, after a quarter for warming up. */
export interface Trend {
  readonly first: number
  readonly last: number
}

/** Looks at a process every second, where the system has /proc. */
export function startMeter(pid: number): Meter {
  const samples: Sample[] = []
  const end = new AbortController()
  const work = async (): Promise<void> => {
    while (!end.signal.aborted) {
      const sample = await measure(pid)
      if (sample === null) return
      samples.push(sample)
      await sleep(1_000)
    }
  }
  const working = work()
  return {
    samples,
    stop: async () => {
      end.abort()
      await working
    },
  }
}

async function measure(pid: number): Promise<Sample | null> {
  try {
    const status = await readFile(`/proc/${pid}/status`, 'utf8')
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]
    const files = await readdir(`/proc/${pid}/fd`)
    return kilobytes === undefined ? null : { memory: Number(kilobytes) / 1024, files: files.length }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Null where there are too few. */
export function trendOf(values: readonly number[]): Trend | null {
  const quarter = Math.floor(values.length / 4)
  if (quarter < 3) return null
  return { first: median(values.slice(quarter, 2 * quarter)), last: median(values.slice(-quarter)) }
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value that this part of them does not exceed; 0 where there are none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0
}
