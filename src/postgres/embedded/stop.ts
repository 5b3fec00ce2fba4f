import { prepareBinaries } from './binaries.js'
import { findPostmaster } from './postmaster.js'
import { runProcess, serverEnvironment } from './run-process.js'
import { lastLines, embeddedUnavailableError } from './unavailable.js'
import { serverFilesOf, type ServerHome } from './server-parts.js'

/**
 * Stops the server of a home, rolling back open transactions, and waits for its end. Does nothing if it does not run.
 *
 * @throws SCHEMA_EMBEDDED_UNAVAILABLE if it does not stop within a minute
 */
export async function stopServer(home: ServerHome): Promise<void> {
  if ((await findPostmaster(home)) === undefined) return
  const { pgCtl } = await prepareBinaries(home)
  const { output } = await runProcess(pgCtl, ['stop', '-w', '-t', '60', '-m', 'fast', '-D', 'data'], {
    account: home.account,
    cwd: serverFilesOf(home).cluster,
    env: serverEnvironment,
  })
  // pg_ctl also fails where a different process has stopped it meanwhile.
  if ((await findPostmaster(home)) === undefined) return
  throw embeddedUnavailableError({
    what: 'The embedded PostgreSQL did not stop.',
    facts: [
      ['directory', home.directory],
      ['output', lastLines(output)],
    ],
  })
}
