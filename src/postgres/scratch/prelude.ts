import { readFile } from 'node:fs/promises'
import pg from 'pg'
import { errorMessage } from '../../core/text/redact.js'
import { SchemaError } from '../../errors/schema-error.js'
import { type Connection, withClient } from '../connection/connect.js'

/** Runs SCRATCH_PRELUDE in a scratch database: what the service creates before it migrates. Throws SCHEMA_SOURCE_INVALID. */
export async function runPrelude(connection: Connection, file: string): Promise<void> {
  try {
    const sql = await readFile(file, 'utf8')
    await withClient(connection, (client) => client.query(sql))
  } catch (cause) {
    if (cause instanceof SchemaError) throw cause
    throw new SchemaError('SCHEMA_SOURCE_INVALID', {
      what: `The prelude of scratch databases could not be run: ${errorMessage(cause)}. Nothing was done.`,
      facts: [['file', file]],
      choices: [
        ['correct the file', 'it runs in an empty database, before the first migration'],
        ['SCRATCH_PRELUDE', 'names the file; leave it out if nothing exists before the first migration'],
      ],
      cause,
    })
  }
}

/** Creates schemas that are missing. */
export async function createSchemas(connection: Connection, names: readonly string[]): Promise<void> {
  if (names.length === 0) return
  await withClient(connection, async (client) => {
    for (const name of names) await client.query(`create schema if not exists ${pg.escapeIdentifier(name)}`)
  })
}
