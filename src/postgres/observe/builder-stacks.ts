import type { Knex } from 'knex'
import { isRecord } from '../../core/text/is-record.js'

/** Where the statement that is sent now was asked for. */
export interface BuilderStacks {
  /** @param sender the function that sends; what it calls is not in the stack */
  readonly take: (sender: (...args: readonly unknown[]) => unknown) => string
  readonly stop: () => void
}

/**
 * Knex sends a statement long after it was asked for, and keeps the stack in its builder (`asyncStackTraces`). A builder
 * says so just before it sends; what is sent without one has a stack of its own.
 */
export function createBuilderStacks(knex: Knex): BuilderStacks {
  let kept: string | null = null
  const onStart = (builder: unknown): void => {
    const on: unknown = typeof builder === 'object' && builder !== null ? Reflect.get(builder, 'on') : null
    if (typeof on === 'function')
      Reflect.apply(on, builder, ['query', () => (kept = stackOfBuilder(builder))])
  }
  knex.on('start', onStart)
  return {
    take: (sender) => {
      const stack = kept ?? stackOfCaller(sender)
      kept = null
      return stack
    },
    stop: () => void knex.removeListener('start', onStart),
  }
}

function stackOfBuilder(builder: unknown): string | null {
  const saved: unknown = isRecord(builder) ? builder['_asyncStack'] : null
  const error = isRecord(saved) ? saved['error'] : null
  return error instanceof Error ? (error.stack ?? null) : null
}

function stackOfCaller(sender: (...args: readonly unknown[]) => unknown): string {
  const holder: { stack?: string } = {}
  Error.captureStackTrace(holder, sender)
  return holder.stack ?? ''
}
