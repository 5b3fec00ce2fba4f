import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { SchemaError } from '../../errors/schema-error.js'
import { addressOf, describeAddress } from './address.js'
import { type Connection, withClient } from './connect.js'
import { withTimeout } from './lifecycle.js'
import { queryRows } from './query.js'

const sharingCheckRounds = 25
const sessionTimeout = 15_000

/**
 * Throws SCHEMA_POOLED where sessions of PostgreSQL are shared between clients of this connection: whatever is set for a
 * session, the lock first of all, would be somebody else's. Changes nothing. A pooler invents the process id it gives a
 * client, so there is none where that is the one PostgreSQL tells; one that gives each client a session is no obstacle.
 */
export async function refusePooled(client: pg.Client, connection: Connection): Promise<void> {
  const told = 'processID' in client ? client.processID : null
  const pid = await queryBackendPid(client)
  if (told === pid) return
  const finding = await withClient(connection, (other) => detectSharedSession({ client, pid, other }))
  if (finding !== null) throw pooledConnectionError(finding, connection)
}

interface SharedSessionCheck {
  readonly client: pg.Client
  readonly pid: number
  readonly other: pg.Client
}

/**
 * Why the two clients cannot have sessions of their own, null where each kept one. Which session a pooler gives next depends
 * on what all others do: hence several rounds, at odd times.
 */
async function detectSharedSession({ client, pid, other }: SharedSessionCheck): Promise<string | null> {
  const first = await queryBackendPid(other).catch(() => null)
  if (first === null) return `a second client got no session of its own within ${sessionTimeout / 1_000} s`
  let last = first
  for (let round = 0; round < sharingCheckRounds; round++) {
    if (last === pid) return `two clients had the same session, process ${pid}`
    if (last !== first) return `a client had one session after the other, processes ${first} and ${last}`
    const own = await queryBackendPid(client)
    if (own !== pid) return `a client had one session after the other, processes ${pid} and ${own}`
    last = await queryBackendPid(other)
    await sleep(Math.random() * 10)
  }
  return null
}

async function queryBackendPid(client: pg.Client): Promise<number> {
  const ask = () => queryRows(client, 'select pg_backend_pid() as pid')
  const [row] = await withTimeout(client, { timeout: sessionTimeout }, ask)
  return Number(row?.['pid'])
}

function pooledConnectionError(finding: string, connection: Connection): SchemaError {
  return new SchemaError('SCHEMA_POOLED', {
    what: 'This connection leads to a pooler that shares sessions between its clients: no lock would hold there. Nothing was done.',
    facts: [
      ['database', describeAddress(addressOf(connection))],
      ['found', finding],
    ],
    choices: [
      [
        'MIGRATION_DATABASE_URL',
        'names the PostgreSQL behind the pooler, or a pool in session mode, for migrating',
      ],
      ['ON_BEHIND=refuse', 'leaves migrating to somebody else; serving works through the pooler'],
    ],
  })
}
