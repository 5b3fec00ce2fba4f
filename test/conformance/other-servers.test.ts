import { fileURLToPath } from 'node:url'
import t from 'tap'
import { runProcess } from '../../src/postgres/embedded/run-process.js'
import { query } from '../support/database.js'
import { uncounted } from '../support/process.js'
import { otherServers, startOtherServer, withoutOtherServer } from '../support/other-servers.js'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The tests that are tables of cases on one server, each in a few seconds. */
const files = [
  'test/ddl/objects.test.ts',
  'test/ddl/tables.test.ts',
  'test/ddl/types.test.ts',
  'test/postgres/introspect.test.ts',
  'test/postgres/documented-options.test.ts',
  'test/ddl/trees.test.ts',
]

/** The lines of a failed run that say what failed. */
async function failuresOf(file: string, url: string): Promise<readonly string[]> {
  const { code, output } = await runProcess(process.execPath, ['--import', 'tsx', file], {
    cwd: root,
    env: { ...uncounted, PATH: process.env['PATH'] ?? '', TEST_DATABASE_URL: url, TAP_TIMEOUT: '600' },
  })
  const failed = output.split('\n').filter((line) => /^ *not ok /.test(line))
  return code === 0 || failed.length > 0 ? failed : [`exit code ${code}`, output.slice(-2000)]
}

t.test('the cases hold on each PostgreSQL that is installed', { skip: withoutOtherServer }, async (t) => {
  t.setTimeout(600_000)
  for (const folder of otherServers) {
    const url = await startOtherServer(t, folder)
    const [server] = await query(url, 'show server_version')
    for (const file of files)
      t.strictSame(
        await failuresOf(file, url),
        [],
        `PostgreSQL ${String(server?.['server_version'])}: ${file}`,
      )
  }
})
