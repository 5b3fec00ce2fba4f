import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

interface Span {
  readonly from: number
  readonly to: number
}

interface Turn extends Span {
  /** Processor time of the whole process in it, in milliseconds. */
  readonly busy: number
}

/** Collections are reported a while after they took place. */
const collectionDelay = 200

/**
 * The longest turn of the event loop while some work is done, in milliseconds, without garbage collection and without the time
 * in which other processes had the processor.
 */
export async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  const collections: PerformanceEntry[] = []
  const observer = new PerformanceObserver((list) => void collections.push(...list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  const stop = watchTurns()
  await work()
  // The work may end in the middle of a turn.
  await nextTurn()
  const turns = stop()
  await sleep(collectionDelay)
  observer.disconnect()
  const pauses = collections.map(({ startTime, duration }) => ({ from: startTime, to: startTime + duration }))
  return Math.max(...turns.map((turn) => Math.min(turn.busy, turn.to - turn.from) - overlap(turn, pauses)))
}

/** Only of turns above a millisecond: idle, the loop turns more often than can be remembered. */
function watchTurns(): () => readonly Turn[] {
  const turns: Turn[] = [{ from: 0, to: 0, busy: 0 }]
  let [from, busy] = [performance.now(), busyTime()]
  let timer: NodeJS.Immediate
  const turn = (): void => {
    const [to, now] = [performance.now(), busyTime()]
    if (to - from > 1) turns.push({ from, to, busy: now - busy })
    ;[from, busy] = [to, now]
    timer = setImmediate(turn)
  }
  timer = setImmediate(turn)
  return () => {
    clearImmediate(timer)
    return turns
  }
}

function busyTime(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

function overlap(turn: Span, pauses: readonly Span[]): number {
  return pauses
    .map(({ from, to }) => Math.max(0, Math.min(to, turn.to) - Math.max(from, turn.from)))
    .reduce((sum, each) => sum + each, 0)
}
