import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Absent } from './measure.js'
import type { BenchContext } from './part.js'

/** A program that applies what is pending: all on an empty database, nothing at head. */
export interface Migrator {
  readonly name: string
  readonly words: readonly string[]
  /** Where it runs, below the project. */
  readonly folder: string
}

const peersFolder = fileURLToPath(new URL('peers', import.meta.url))
const peers = ['node-pg-migrate', 'umzug', 'postgres-migrations', 'drizzle-orm', 'graphile-migrate']

/** All that apply migrations; the first is what the others are compared with. */
export async function allMigrators(context: BenchContext): Promise<readonly (Migrator | Absent)[]> {
  return [
    knexScript(context),
    knexCli(context),
    ...(await peerMigrators(context)),
    schemagateMigrate(context),
  ]
}

/** A script that calls Knex: what all others do the work of. */
export function knexScript({ build }: BenchContext): Migrator {
  return {
    name: 'knex.migrate.latest',
    words: [join(build.folder, 'bench/contenders/knex-latest.js')],
    folder: '.',
  }
}

function knexCli({ build }: BenchContext): Migrator {
  const cli = join(build.folder, 'node_modules/knex/bin/cli.js')
  return { name: 'knex migrate:latest', words: [cli, 'migrate:latest'], folder: 'knex' }
}

export function schemagateMigrate(context: BenchContext): Migrator {
  return { name: 'schemagate migrate', words: schemagate(context, 'migrate'), folder: '.' }
}

/** A command of the build. */
export function schemagate({ build }: BenchContext, command: string): readonly string[] {
  return [join(build.folder, 'dist/cli/main.js'), command]
}

/** What a user might have instead, each called by a script as its documentation does. */
async function peerMigrators({ peersMissing }: BenchContext): Promise<readonly (Migrator | Absent)[]> {
  const missing = await peersMissing()
  return peers.map((name) =>
    missing === null
      ? { name, words: [join(peersFolder, `${name}.js`)], folder: '.' }
      : { name, notMeasured: missing },
  )
}
