import { describeCounts } from '../../core/text/format.js'
import { toPrintable } from '../../core/text/printable.js'
import { migrateTo } from '../../operations/migrate/migrate.js'
import { findKnex } from '../../project/project-knex.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { withWorkspace } from '../../workspace.js'
import { assessmentDocument, describeUnverified } from './assessment-report.js'
import { type CommandHandler, type CommandResult, textOption } from './command.js'

/** `schemagate migrate`: the gate without a port. */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  const { config, options } = context
  const backup = { ...config.backup, ...(options['backup'] === true ? { before: 'always' as const } : {}) }
  return withWorkspace({ ...context, config: { ...config, backup } }, async (workspace) => {
    const migrated = await migrateTo(workspace, textOption(context, 'to'), context)
    const { inspection, assessment, applied, notices } = migrated
    const { history, verification } = assessment
    const verified =
      verification.status === 'verified'
        ? `Verified: ${describeCounts(verification.compared)}.`
        : describeUnverified(verification.why)
    return {
      exit: 0,
      text: `${describeAddress(inspection.database)} is ${history.position}, at ${toPrintable(history.current ?? 'no revision')}. Applied: ${applied.length}. ${verified}`,
      document: {
        applied,
        notices,
        knex: findKnex(workspace.project).version,
        ...assessmentDocument(migrated, context.config.target),
      },
    }
  })
}
