import { Console } from 'node:console'
import { Writable } from 'node:stream'

/** Runs `use` while what code prints to the console goes nowhere. */
export async function withSilentConsole<T>(use: () => Promise<T>): Promise<T> {
  const { console } = globalThis
  globalThis.console = new Console(new Writable({ write: (_chunk, _encoding, done) => done() }))
  try {
    return await use()
  } finally {
    globalThis.console = console
  }
}
