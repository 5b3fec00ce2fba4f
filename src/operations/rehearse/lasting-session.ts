import { withLockedSession } from '../../postgres/session/locked-session.js'
import type { MigrateOptions } from '../../postgres/session/migrate-options.js'
import type { OpenedSession } from '../../postgres/session/sessions.js'

/** Runs one step in the session, with what is true of the database then. */
export type RunInSession = <T>(use: (opened: OpenedSession) => Promise<T>) => Promise<T>

/**
 * One locked session for many steps. After a step that throws, and where the lock was lost, the next one gets another session:
 * what is left of this one is not known.
 */
export async function withLastingSession<T>(
  options: MigrateOptions,
  use: (run: RunInSession) => Promise<T>,
): Promise<T> {
  let lasting: LastingSession | null = null
  const close = async (): Promise<void> => {
    const last = lasting
    lasting = null
    await last?.close()
  }
  const run: RunInSession = async (step) => {
    const again = await lasting?.opened.inspectAgain().catch(() => null)
    if (again?.inspection.locked !== true) await close().catch(() => {})
    lasting ??= await openSession(options)
    try {
      return await step(again ?? lasting.opened)
    } catch (error) {
      await close().catch(() => {})
      throw error
    }
  }
  try {
    return await use(run)
  } finally {
    await close()
  }
}

interface LastingSession {
  readonly opened: OpenedSession
  readonly close: () => Promise<void>
}

/** What takes the lock releases it when what it is given to do has ended. */
function openSession(options: MigrateOptions): Promise<LastingSession> {
  return new Promise((resolve, reject) => {
    const session = withLockedSession(
      options,
      (opened) =>
        new Promise<void>((release) => {
          const close = (): Promise<void> => {
            release()
            return session
          }
          resolve({ opened, close })
        }),
    )
    session.catch(reject)
  })
}
