import pg from 'pg'
import type { Report } from '../core/progress.js'
import type { Scope } from '../core/scope.js'
import type { Snapshot } from '../core/snapshot.js'
import { SchemaError } from '../errors.js'
import { addressOf, describeAddress } from './address.js'
import { type Connection, withClient } from './connect.js'
import { type Inspection, inspect } from './inspect.js'
import { ensureLedger, interruptedAttempts, qualified, type Writer } from './ledger.js'
import { describeHolder, withSchemaLock } from './lock.js'
import type { Migration } from './migrations.js'
import type { KnexProject } from './project.js'
import type { RevisionCheck } from './revision-check.js'
import { queryRows } from './query.js'
import { type Session, withSession } from './session.js'

/** What migrating needs to know, whatever is to be done. */
export interface MigrateOptions {
  readonly connection: Connection
  readonly project: KnexProject
  readonly migrations: readonly Migration[]
  /** For words about what a revision changes; what it has to change is `check`. */
  readonly snapshot: Snapshot | null
  readonly check: RevisionCheck
  /** What of the catalog is compared after reverting. Default: all but comments and grants. */
  readonly scope?: Scope
  /** Whether one transaction holds all pending revisions, or each its own. */
  readonly transaction: 'batch' | 'each'
  /** Milliseconds. */
  readonly lockWaitTimeout: number
  readonly writer: Writer
  readonly report: Report
  readonly signal?: AbortSignal
}

/** A session that holds the lock, and what was true when it got it. */
export interface LockedSession {
  readonly session: Session
  /** Writes the ledger outside the migration's transaction, so that a failure stays on record. */
  readonly audit: pg.Client
  readonly inspection: Inspection
  readonly schema: string
}

/** Opens a session, takes the lock, inspects again, prepares the ledgers, and runs `use`. */
export async function withLockedSession<T>(
  options: MigrateOptions,
  use: (locked: LockedSession) => Promise<T>,
): Promise<T> {
  const { connection, project, lockWaitTimeout: timeout, report, signal } = options
  const onWait: Parameters<typeof withSchemaLock>[1]['onWait'] = (holder, waited) =>
    report({ event: 'waiting for lock', holder: holder === null ? null : describeHolder(holder), waited })
  const patience = { tableName: project.tableName, timeout, onWait, ...(signal ? { signal } : {}) }
  return withSession(connection, project, (session) =>
    withSchemaLock(session.client, patience, async () => {
      const inspection = await inspect(session.client, { connection, project })
      const schema = await prepareLedgers(session.client, { inspection, options }).catch((error: unknown) => {
        throw explained(error, connection)
      })
      return withClient(connection, (audit) => use({ session, audit, inspection, schema }))
    }),
  )
}

interface Preparation {
  readonly inspection: Inspection
  readonly options: MigrateOptions
}

async function prepareLedgers(client: pg.Client, { inspection, options }: Preparation): Promise<string> {
  const { schema } = inspection
  const { project, report } = options
  if (schema === null)
    throw new SchemaError('SCHEMA_PRIVILEGE_MISSING', {
      what: 'There is no PostgreSQL schema in the search_path in which Knex could keep its record. Nothing was done.',
      choices: [['searchPath, schemaName', 'in the knexfile say which schema is meant']],
    })
  if (project.schemaName !== null)
    await client.query(`create schema if not exists ${pg.escapeIdentifier(project.schemaName)}`)
  await ensureLedger(client, schema)
  if (inspection.ledger !== null) await freeKnexLock(client, { schema, project, report })
  const interrupted = inspection.ledger === null ? [] : interruptedAttempts(inspection.ledger)
  for (const { revision, host, at } of interrupted)
    report({ event: 'interrupted before', revision, host, since: at })
  return schema
}

interface KnexLock {
  readonly schema: string
  readonly project: KnexProject
  readonly report: Report
}

/** Knex's lock row outlives a killed process, and racing starters can leave two. While we hold our lock it guards nothing. */
async function freeKnexLock(client: pg.Client, { schema, project, report }: KnexLock): Promise<void> {
  const table = qualified(schema, `${project.tableName}_lock`)
  const [exists] = await queryRows(
    client,
    `select to_regclass(${pg.escapeLiteral(table)}) is not null as found`,
  )
  if (exists?.['found'] !== true) return
  const [row] = await queryRows(
    client,
    `select count(*)::int as rows, coalesce(max(is_locked), 0) as locked from ${table}`,
  )
  if (row?.['rows'] === 1 && row['locked'] === 0) return
  await client.query(`begin; delete from ${table}; insert into ${table} (is_locked) values (0); commit`)
  report({ event: 'knex lock freed' })
}

function explained(error: unknown, connection: Connection): unknown {
  if (!(error instanceof pg.DatabaseError) || error.code !== '42501') return error
  return new SchemaError('SCHEMA_PRIVILEGE_MISSING', {
    what: `The role may not migrate: ${error.message}. Nothing was done.`,
    facts: [['database', describeAddress(addressOf(connection))]],
    choices: [
      ['MIGRATION_DATABASE_URL', 'names the same database with the role that migrates'],
      ['ON_BEHIND=refuse', 'leaves migrating to somebody else'],
    ],
    cause: error,
  })
}
