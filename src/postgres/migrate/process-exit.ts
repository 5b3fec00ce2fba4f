import type { ProgressReporter } from '../../core/progress/events.js'
import { errorCodes } from '../../errors/schema-error.js'

/** Runs the code of a migration. A process that ends meanwhile, by `process.exit` or by an error that nothing caught, says so. */
export async function withExitReport<T>(
  revision: string,
  report: ProgressReporter,
  run: () => Promise<T>,
): Promise<T> {
  const onExit = (exit: number): void => {
    report({ event: 'process ended', revision, exit })
    // The migration asked for a code that tells the platform that all is well, or something else.
    process.exitCode = errorCodes.SCHEMA_MIGRATION_FAILED.exit
  }
  process.on('exit', onExit)
  try {
    return await run()
  } finally {
    process.off('exit', onExit)
  }
}
