import type pg from 'pg'
import { watchdogName } from '../connection/application-name.js'
import { queryRows } from '../connection/query.js'
import { migrationLockCondition } from './advisory-lock.sql.js'
import { describeLockHolder, findLockHolders } from './lock-holders.js'

/** All in milliseconds. */
export interface AbandonmentTiming {
  /** Without a ping for so long a process counts as gone. It pings every few seconds, whatever it runs. */
  readonly silence: number
  /** So long this process must have been awake and seen the same: a machine that stood still may wake it first. */
  readonly observation: number
  readonly interval: number
}

const defaultTiming: AbandonmentTiming = { silence: 60_000, observation: 15_000, interval: 3_000 }

/** Ends the session of a holder whose process is gone; returns who it was, null where nothing was ended. */
type EndAbandonedLock = (client: pg.ClientBase) => Promise<string | null>

/**
 * Returns a function to call again and again while waiting for the lock. It ends the sessions of its holder where that process
 * is gone: a proxy in between may keep the connection open forever. The process that migrates pings on a second connection;
 * where that is silent, too, and the session runs no statement, nobody is there to send the next one. Where the second
 * connection cannot be seen, nothing is ended.
 */
export function createAbandonedLockCheck(
  tableName: string,
  { silence, observation, interval }: AbandonmentTiming = defaultTiming,
): EndAbandonedLock {
  let seen: { readonly what: string; readonly since: number } | null = null
  let checkedAt = -Infinity
  return async (client) => {
    const now = performance.now()
    if (now - checkedAt < interval) return null
    const interrupted = now - checkedAt > 4 * interval
    checkedAt = now
    const [row] = await queryRows(client, silentHolderQuery(tableName, silence))
    if (row === undefined) {
      seen = null
      return null
    }
    const what = JSON.stringify(row)
    if (seen?.what !== what || interrupted) seen = { what, since: now }
    return now - seen.since < observation
      ? null
      : endProcess(client, Number(row['pid']), Number(row['watchdog']))
  }
}

/** The holder, if its process is silent; the times are those of its last activities. */
function silentHolderQuery(tableName: string, silence: number): string {
  const silent = (session: string): string =>
    `${session}.state_change < clock_timestamp() - interval '${silence} ms'`
  return `select h.pid, h.state_change::text as last, w.pid as watchdog, w.state_change::text as ping
    from pg_locks l join pg_stat_activity h on h.pid = l.pid
      join pg_stat_activity w on w.datid = h.datid and w.usesysid = h.usesysid and w.application_name = '${watchdogName('')}' || h.pid
    where ${migrationLockCondition(tableName)} and h.state like 'idle%' and ${silent('h')} and w.state = 'idle' and ${silent('w')}`
}

/** Both of its sessions hold a lock. */
async function endProcess(client: pg.ClientBase, pid: number, watchdog: number): Promise<string | null> {
  const [holder] = await findLockHolders(client, `l.pid = ${pid}`)
  if (holder === undefined) return null
  const [row] = await queryRows(
    client,
    `select pg_terminate_backend(${pid}) as ended, pg_terminate_backend(${watchdog})`,
  ).catch(() => [])
  return row?.['ended'] === true ? describeLockHolder(holder) : null
}
