import { describeCounts } from '../../core/text/format.js'
import { toPrintable } from '../../core/text/printable.js'
import { SchemaError } from '../../errors/schema-error.js'
import { runGate } from '../../gate/gate.js'
import { describeAddress } from '../../postgres/connection/address.js'
import { withWorkspace, type Workspace } from '../../workspace.js'
import { assessmentDocument } from './assessment-report.js'
import { type CommandResult, type CommandHandler, textOption } from './command.js'

/** `schemagate migrate`: the gate without a port. A database that is ahead and may be served is a success. */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  const { config, report, signal } = context
  const to = textOption(context, 'to')
  const onBehind = to === null ? 'migrate' : 'warn'
  return withWorkspace(
    { config: { ...config, policy: { ...config.policy, onBehind } }, report },
    async (workspace) => {
      refuseMissingRevision(workspace, to)
      // A revision that is rolled back and retried is reported twice.
      const applied = new Set<string>()
      const assessed = await runGate({
        workspace,
        signal,
        migrate: true,
        ...(to === null ? {} : { to }),
        consequence: () =>
          applied.size === 0 ? 'Nothing was applied.' : 'The revisions applied before remain applied.',
        report: (progress) => {
          if (progress.event === 'revision applied') applied.add(progress.revision)
          report(progress)
        },
      })
      const { inspection, assessment } = assessed
      const { history, verification } = assessment
      const verified = verification.status === 'verified' ? describeCounts(verification.compared) : 'nothing'
      return {
        exit: 0,
        text: `${describeAddress(inspection.database)} is ${history.position}, at ${toPrintable(history.current ?? 'no revision')}. Applied: ${applied.size}. Verified: ${verified}.`,
        document: { applied: [...applied], ...assessmentDocument(assessed, config.target) },
      }
    },
  )
}

function refuseMissingRevision({ migrations }: Workspace, to: string | null): void {
  if (to === null || migrations.some(({ revision }) => revision === to)) return
  throw new SchemaError('SCHEMA_USAGE', {
    what: `There is no revision "${to}" in this build. Nothing was done.`,
    facts: [['revisions', migrations.map(({ revision }) => revision).slice(-10)]],
    choices: [['schemagate status', 'shows the revisions of the database and of this build']],
  })
}
