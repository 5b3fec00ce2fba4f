import { describeAddress, addressOf } from '../../postgres/connection/address.js'
import { findConnection } from '../../workspace.js'
import type { CommandHandler } from './command.js'

/** `schemagate url`: the URL of the database with its password, and nothing else on stdout. Connects to no database. */
export const run: CommandHandler = async ({ config }) => {
  const { url } = await findConnection(config)
  return { exit: 0, text: url, document: { database: describeAddress(addressOf({ url })), url } }
}
