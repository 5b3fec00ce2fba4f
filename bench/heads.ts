import pg from 'pg'
import { readCatalog } from '../src/postgres/introspect/read-catalog.js'
import { createDatabase, query } from '../test/support/database.js'
import { finish, type Place, serve } from '../test/support/node-process.js'
import { eventually } from '../test/support/process.js'
import { knexScript, type Migrator, schemagate, schemagateMigrate } from './migrators.js'
import type { BenchContext } from './part.js'
import type { Project } from './project.js'

/** The databases at head of a project. */
export interface Heads {
  /** The URL of the database that this migrator has brought to head, made once. */
  readonly databaseOf: (migrator: Migrator) => Promise<string>
  /** The URL of the database of `schemagate migrate`, which a server has recorded as verified. */
  readonly verifiedDatabase: () => Promise<string>
  /** Throws an Error if `name` left other tables in the database than plain Knex does. */
  readonly verify: (name: string, databaseUrl: string) => Promise<void>
}

export function createHeads(context: BenchContext, place: Project['place']): Heads {
  const urls = new Map<string, Promise<string>>()
  const databaseOf = (migrator: Migrator): Promise<string> => {
    const url = urls.get(migrator.name) ?? bringToHead(migrator)
    urls.set(migrator.name, url)
    return url
  }
  const bringToHead = async (migrator: Migrator): Promise<string> => {
    const url = await createDatabase(context.owner)
    await finish(migrator.words, place(url, migrator.folder))
    await query(url, 'vacuum analyze')
    const knex = knexScript(context)
    if (migrator.name !== knex.name) await verify(migrator.name, url)
    return url
  }
  let verified: Promise<string> | undefined
  const verifiedDatabase = (): Promise<string> => {
    verified ??= databaseOf(schemagateMigrate(context)).then(async (url) => {
      await serveUntilRecorded(schemagate(context, 'serve'), place(url), url)
      return url
    })
    return verified
  }
  let promised: string | undefined
  const verify = async (name: string, databaseUrl: string): Promise<void> => {
    promised ??= await readTables(await databaseOf(knexScript(context)))
    if ((await readTables(databaseUrl)) !== promised) throw new Error(`${name} left other tables than Knex`)
  }
  return { databaseOf, verifiedDatabase, verify }
}

async function serveUntilRecorded(words: readonly string[], where: Place, url: string): Promise<void> {
  const server = await serve(words, { ...where, env: { ...where.env, VERIFY_INTERVAL: '100ms' } })
  const recorded = `select 1 from schemagate_ledger where event = 'verified'`
  await eventually('it is recorded', { look: async () => (await query(url, recorded)).length > 0 })
  await server.stop()
}

/** What the database has of the generated history, without the ledger of whoever applied it. */
async function readTables(databaseUrl: string): Promise<string> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const objects = Object.entries(await readCatalog(client))
    const generated = objects.filter(([key]) => /^\w+:public\.(table|index)_\d/.test(key))
    if (generated.length === 0) throw new Error('the database has no generated tables')
    return JSON.stringify(generated.toSorted(([one], [other]) => (one < other ? -1 : 1)))
  } finally {
    await client.end()
  }
}
