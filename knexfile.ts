import { fileURLToPath } from 'node:url'
import type { Knex } from 'knex'
import { loadConfig } from './src/config/load.js'
import { toClientSettings } from './src/postgres/connection/connect.js'
import { openWorkspace } from './src/workspace.js'

const root = fileURLToPath(new URL('.', import.meta.url))

/** The same configuration as the service's, so that plain `knex` commands reach the same database. */
const config: Knex.Config = {
  client: 'pg',
  connection: async () => {
    const directories = [fileURLToPath(new URL('migrations', import.meta.url))]
    const { migrations, ...settings } = loadConfig({ root, env: process.env })
    const { connection } = await openWorkspace(
      { ...settings, migrations: { ...migrations, directories, knexfile: 'none' } },
      () => {},
    )
    return { ...(await toClientSettings(connection)) }
  },
  migrations: { directory: fileURLToPath(new URL('migrations', import.meta.url)) },
  seeds: { directory: fileURLToPath(new URL('seeds', import.meta.url)) },
}

export default config
