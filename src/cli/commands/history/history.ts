import { SchemaError } from '../../../errors/schema-error.js'
import {
  type DatabaseLog,
  defaultLimit,
  logDocument,
  readDatabaseLog,
} from '../../../operations/history/database-log.js'
import { withWorkspace } from '../../../workspace.js'
import { type CommandContext, type CommandHandler, type CommandResult, textOption } from '../command.js'
import { describeLog, describeOneRevision } from './history-text.js'

/** `schemagate history`: what happened to the revisions of a database, from its ledgers and the snapshot. Reads only. */
export const run: CommandHandler = (context) =>
  withWorkspace(context, async (workspace) => {
    const limit = limitOf(context)
    const log = await readDatabaseLog(workspace, context)
    const [wanted] = context.positionals
    return wanted === undefined ? showAll(log, limit) : showOne(log, wanted)
  })

/** How many revisions to show at most. */
function limitOf(context: CommandContext): number {
  const text = textOption(context, 'limit')
  if (text === null) return defaultLimit
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new SchemaError('SCHEMA_USAGE', {
    what: `"${text}" is not a number of revisions. Nothing was read.`,
    choices: [['--limit 50', 'shows the newest 50']],
  })
}

function showAll(log: DatabaseLog, limit: number): CommandResult {
  const document = logDocument(log, limit)
  const { revisions, total } = document
  return { exit: 0, text: describeLog({ ...log, revisions }, total), document }
}

function showOne(log: DatabaseLog, wanted: string): CommandResult {
  const revision = log.revisions.find((each) => each.revision === wanted)
  if (revision === undefined)
    throw new SchemaError('SCHEMA_USAGE', {
      what: `Neither this build nor the database knows a revision "${wanted}".`,
      choices: [['schemagate history', 'lists them']],
    })
  return { exit: 0, text: describeOneRevision(revision), document: revision }
}
