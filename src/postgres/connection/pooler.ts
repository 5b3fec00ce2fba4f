import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from './address.js'
import { type Connection, withClient } from './connect.js'
import { withTimeout } from './lifecycle.js'
import { readBackendPid } from './query.js'

const sharingCheckRounds = 25
const sessionTimeout = 15_000

/**
 * Throws SCHEMA_POOLED where a pooler shares sessions between its clients: settings and locks of a session would pass to
 * other clients. Changes nothing. A pooler makes up the process id that it sends to a client, so there is no pooler where
 * PostgreSQL names the same id. A pooler that gives each client a session of its own is accepted.
 */
export async function refusePooled(client: pg.Client, connection: Connection): Promise<void> {
  const receivedPid = 'processID' in client ? client.processID : null
  const pid = await readPidInTime(client)
  if (receivedPid === pid) return
  const finding = await withClient(connection, (other) => detectSharedSession(client, pid, other))
  if (finding !== null) throw pooledConnectionError(finding, connection)
}

/**
 * Says how the two clients share sessions; null where each kept its own. Several rounds at random times, because the next
 * session that a pooler hands out depends on all its clients.
 */
async function detectSharedSession(client: pg.Client, pid: number, other: pg.Client): Promise<string | null> {
  const first = await readPidInTime(other).catch(() => null)
  if (first === null)
    return `a second client did not get a session of its own within ${sessionTimeout / 1_000} s`
  let last = first
  for (let round = 0; round < sharingCheckRounds; round++) {
    if (last === pid) return `two clients shared a session, process ${pid}`
    if (last !== first) return `one client was moved between sessions, processes ${first} and ${last}`
    const own = await readPidInTime(client)
    if (own !== pid) return `one client was moved between sessions, processes ${pid} and ${own}`
    last = await readPidInTime(other)
    await sleep(Math.random() * 10)
  }
  return null
}

function readPidInTime(client: pg.Client): Promise<number> {
  return withTimeout(client, { timeout: sessionTimeout }, () => readBackendPid(client))
}

function pooledConnectionError(finding: string, connection: Connection): SchemaError {
  return new SchemaError('SCHEMA_POOLED', {
    what: 'This connection leads to a pooler that shares sessions between its clients, so the migration lock would not hold. Nothing was done.',
    facts: [
      ['database', describeAddress(addressOf(connection))],
      ['found', finding],
    ],
    choices: [
      [
        'MIGRATION_DATABASE_URL',
        'names the PostgreSQL behind the pooler, or a pool in session mode, for migrations',
      ],
      ['ON_BEHIND=refuse', 'leaves migrations to a different process; serving works through the pooler'],
    ],
  })
}
