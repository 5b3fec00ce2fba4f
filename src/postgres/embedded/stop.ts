import { prepareBinaries } from './binaries.js'
import { filesOf } from './cluster.js'
import type { Home } from './home.js'
import { findPostmaster } from './postmaster.js'
import { run, serverEnvironment } from './run.js'
import { lastLines, unavailable } from './unavailable.js'

/**
 * Stops the server of a home, fast (open transactions are rolled back), and waits for its end. Nothing if it does not run.
 *
 * @throws SCHEMA_EMBEDDED_UNAVAILABLE if it does not stop within a minute
 */
export async function stopServer(home: Home): Promise<void> {
  if ((await findPostmaster(home)) === undefined) return
  const { pgCtl } = await prepareBinaries(home)
  const { output } = await run(pgCtl, ['stop', '-w', '-t', '60', '-m', 'fast', '-D', 'data'], {
    account: home.account,
    cwd: filesOf(home).cluster,
    env: serverEnvironment,
  })
  // pg_ctl fails as well when somebody else has just stopped it: what counts is that it is gone.
  if ((await findPostmaster(home)) === undefined) return
  throw unavailable({
    what: 'The embedded PostgreSQL did not stop.',
    facts: [
      ['directory', home.directory],
      ['output', lastLines(output)],
    ],
  })
}
