import type pg from 'pg'
import { connect, type Connection } from '../postgres/connection/connect.js'
import { closeClient } from '../postgres/connection/lifecycle.js'

/** A connection that stays open, and is opened again after a loss. */
export interface ReconnectingClient {
  readonly open: () => Promise<pg.Client>
  readonly close: () => Promise<void>
}

/** `onLost` is called when the connection ends and nobody closed it. */
export function createReconnectingClient(connection: Connection, onLost: () => void): ReconnectingClient {
  let client: pg.Client | null = null
  const forget = (): void => {
    client = null
    onLost()
  }
  const open = async (): Promise<pg.Client> => {
    const opened = await connect(connection)
    return opened.once('end', forget)
  }
  return {
    open: async () => (client ??= await open()),
    close: async () => {
      const last = client
      client = null
      if (last === null) return
      last.off('end', forget)
      await closeClient(last)
    },
  }
}
