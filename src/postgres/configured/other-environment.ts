import { SchemaError } from '../../errors/schema-error.js'
import type { KnexProject } from '../../project/knex-project.js'
import type { KnexConnection } from '../../project/knexfile-connection.js'
import { listConnections } from '../../project/read-knexfile.js'
import { addressOf, describeAddress } from '../connection/address.js'
import type { Connection } from '../connection/connect.js'
import { findKnexConnection } from './knexfile-database.js'

/**
 * Refuses DATABASE_URL of the process environment where the knexfile reads it for other environments and has another database
 * for this one: plain Knex would go there. Throws SCHEMA_CONFIG_INVALID.
 */
export async function refuseOtherEnvironment(
  connection: Connection,
  project: KnexProject,
  { target, targetKey }: { readonly target: string; readonly targetKey: string },
): Promise<void> {
  const address = describeAddress(addressOf(connection))
  const addressIn = async (section: KnexConnection): Promise<string | null> => {
    if (section.kind === 'function') return null
    const found = await findKnexConnection(connection, { ...project, connection: section })
    return found === null ? null : describeAddress(addressOf(found))
  }
  const own = await addressIn(project.connection)
  if (project.knexfile === null || own === null || own === address) return
  const sections = await listConnections(project.knexfile)
  if (!sections.has(target)) return
  const found = await Promise.all(
    [...sections].map(async ([name, section]) => ((await addressIn(section)) === address ? [name] : [])),
  )
  if (found.flat().length === 0) return
  throw new SchemaError('SCHEMA_CONFIG_INVALID', {
    what: `DATABASE_URL leads to the database that the knexfile has for ${found.flat().join(' and ')}, and it has another one for ${target}. Nothing was started.`,
    facts: [
      ['DATABASE_URL', `${address} (process environment)`],
      ['knexfile', `${own}, for ${target}`],
    ],
    choices: [
      [`${targetKey}=postgres://…`, `names the database of ${target}`],
      ['--database-url URL', 'names the database of this command'],
      ['--env NAME', 'names the environment that is meant'],
    ],
  })
}
