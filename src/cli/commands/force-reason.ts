import { type ErrorChoice, SchemaError } from '../../errors/schema-error.js'
import { type CommandContext, textOption } from './command.js'

/** What --force is about, for the error where it is not complete. */
export interface ForcedAction {
  /** `Recording a revision that is not true needs REVISION, --force and --reason TEXT` */
  readonly needs: string
  /** What is missing besides the two options; null for nothing. */
  readonly missing: string | null
  readonly consequence: string
  readonly choice: ErrorChoice
}

/** The reason given with --force; null without --force. Throws SCHEMA_USAGE where one of the two is missing. */
export function forceReasonOf(context: CommandContext, action: ForcedAction): string | null {
  const reason = textOption(context, 'reason')?.trim() ?? null
  const forced = context.options['force'] === true
  if (!forced && reason === null) return null
  if (forced && reason && action.missing === null) return reason
  const lacks = action.missing ?? (forced ? '--reason TEXT' : '--force')
  throw new SchemaError('SCHEMA_USAGE', {
    what: `${action.needs}; ${lacks} is missing. ${action.consequence}`,
    choices: [action.choice],
  })
}
