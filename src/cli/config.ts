import { configDocument, renderConfig } from '../config/render.js'
import type { CommandResult, Run } from './command.js'

/** `schemagate config`: what is in force, and where each value comes from. Looks at no database. */
export const run: Run = async ({ config }): Promise<CommandResult> => ({
  exit: 0,
  text: renderConfig(config),
  document: configDocument(config),
})
