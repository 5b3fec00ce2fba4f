import { AsyncLocalStorage } from 'node:async_hooks'

/** Year, month, day, weekday, hour and minute are all others then. */
const shift = ((400 * 24 + 5) * 60 + 7) * 60_000

/** A time zone in which most of the world is at another date. */
export const shiftedTimeZone = 'Pacific/Kiritimati'

const isShifted = new AsyncLocalStorage<true>()
let users = 0

/**
 * Runs `use` with a function to run code for which it is another day. Nothing else in this process sees that: no timer, no
 * timestamp of a log.
 */
export async function withShiftedDate<T>(use: (run: <R>(code: () => R) => R) => Promise<T>): Promise<T> {
  users += 1
  setDate(shiftedDate)
  try {
    return await use((code) => isShifted.run(true, code))
  } finally {
    users -= 1
    if (users === 0) setDate(RealDate)
  }
}

const RealDate = globalThis.Date

function setDate(constructor: DateConstructor): void {
  globalThis.Date = constructor
  // Some libraries know a date by that.
  Object.defineProperty(RealDate.prototype, 'constructor', {
    value: constructor,
    configurable: true,
    writable: true,
  })
}

function now(): number {
  return RealDate.now() + (isShifted.getStore() === true ? shift : 0)
}

const shiftedDate: DateConstructor = new Proxy(RealDate, {
  construct: (target, args, newTarget) =>
    Reflect.construct(
      target,
      args.length === 0 ? [now()] : args,
      newTarget === shiftedDate ? target : newTarget,
    ),
  apply: () => new RealDate(now()).toString(),
  get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
})
