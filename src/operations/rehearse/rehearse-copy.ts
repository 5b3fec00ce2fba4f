import { compareHistory } from '../../core/history/history.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { TaskControl } from '../../gate/assess.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import { type Connection, withClient } from '../../postgres/connection/connect.js'
import { inspect } from '../../postgres/inspect/inspect.js'
import { variablesFor, withVariables } from '../../postgres/scratch/environment.js'
import { withRedirectedConnections } from '../../postgres/scratch/redirect-connections.js'
import { readDatabaseId } from '../../postgres/session/same-database.js'
import { runningBy } from '../../snapshot/replay.js'
import type { ProjectWorkspace } from '../../workspace.js'
import type { Rehearsal } from './rehearsal.js'
import { withRehearsalDatabase } from './rehearsal-database.js'
import { type RehearsedDatabase, rehearsePending } from './rehearse-pending.js'

/** A copy of a database, in which revisions are to be rehearsed. */
export interface DatabaseCopy {
  readonly connection: Connection
  /** For people. */
  readonly address: string
  /** Of the database alone. */
  readonly name: string
  readonly pending: readonly string[]
}

/**
 * Finds what is pending in a copy. Reads only. Throws SCHEMA_WRONG_DATABASE where it is the configured database, by whatever
 * address, and where the revisions that it records are not those of this build.
 */
export async function findCopy(workspace: ProjectWorkspace, url: string): Promise<DatabaseCopy> {
  const { migrations, project, findDatabase } = workspace
  const connection = workspace.connectionTo(url)
  const address = describeAddress(addressOf(connection))
  const configured = await findDatabase()
  const inspection = await withClient(connection, async (client) => {
    const id = await readDatabaseId(client)
    if (configured !== null && (await withClient(configured, readDatabaseId)) === id)
      throw configuredDatabaseError(address)
    return inspect(client, { connection, project, migrations })
  })
  const { position, pending } = compareHistory(
    migrations.map(({ revision }) => revision),
    inspection.recorded,
  )
  if (position !== 'behind' && position !== 'current' && position !== 'empty')
    throw new SchemaError('SCHEMA_WRONG_DATABASE', {
      what: `The database that --on names is ${position}: it is no copy of a database of this build. Nothing was done.`,
      facts: [['database', address]],
      choices: [['--on URL', 'names a restored copy']],
    })
  return { connection, address, name: addressOf(connection).name, pending }
}

function configuredDatabaseError(address: string): SchemaError {
  return new SchemaError('SCHEMA_WRONG_DATABASE', {
    what: 'The database that --on names is the configured one, and a rehearsal changes it. Nothing was done.',
    facts: [['database', address]],
    choices: [
      ['--on URL', 'names a restored copy of it'],
      ['schemagate rehearse', 'without --on rehearses in a scratch database'],
    ],
  })
}

/** Rehearses what is pending in a copy, on its rows. It is changed: at the end the revisions are applied. */
export async function rehearseOnCopy(
  { project, migrations, config }: ProjectWorkspace,
  { connection, address, pending }: DatabaseCopy,
  { report, signal }: TaskControl,
): Promise<Rehearsal> {
  const [folder = '.'] = project.directories
  const log: RehearsedDatabase = { revisions: [], failed: null }
  await withVariables(variablesFor(connection), () =>
    withRedirectedConnections({ connection, folder, onConnect: () => {} }, (run) => {
      const place = {
        connection,
        project,
        migrations: migrations.map(runningBy(run)),
        scope: config.verify.scope,
        undetermined: {},
        watch: async () => {},
        fillTables: async () => {},
        report,
        signal,
      }
      const wanted = place.migrations.filter(({ revision }) => pending.includes(revision))
      return withRehearsalDatabase(place, (database) => rehearsePending(wanted, place, database, log))
    }),
  )
  const revisions = [...log.revisions, ...(log.failed === null ? [] : [log.failed])]
  const notRun = pending.slice(revisions.length)
  return { where: address, rows: 'of the copy', revisions, notRun, seeds: [], notes: [] }
}
