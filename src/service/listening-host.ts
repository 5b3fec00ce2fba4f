import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Config } from '../config/config.js'
import { isRecord } from '../core/text/is-record.js'
import type { Log } from '../logging/log.js'

/** What a system without IPv6 answers. */
const withoutIPv6: ReadonlySet<unknown> = new Set(['EAFNOSUPPORT', 'EADDRNOTAVAIL'])

/** The address to listen on: HOST, else every address, and that of IPv4 alone where the system has no IPv6. */
export async function listeningHost({ http, entries }: Config, log: Log): Promise<string> {
  const isDefault = entries.some(({ key, source }) => key === 'HOST' && source === 'default')
  if (!isDefault || (await canListen(http.host))) return http.host
  log.warn({ host: '0.0.0.0' }, 'This system has no IPv6: listening on 0.0.0.0. HOST names another address.')
  return '0.0.0.0'
}

/** Other errors are those of the port, and are left to the one who listens. */
async function canListen(host: string): Promise<boolean> {
  const server = createServer()
  try {
    server.listen({ host, port: 0 })
    await once(server, 'listening')
    return true
  } catch (error) {
    return !isRecord(error) || !withoutIPv6.has(error['code'])
  } finally {
    server.close()
  }
}
