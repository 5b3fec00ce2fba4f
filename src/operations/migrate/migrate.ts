import { SchemaError } from '../../errors/schema-error.js'
import type { AssessedDatabase, TaskControl } from '../../gate/assess.js'
import { runGate } from '../../gate/gate.js'
import type { Workspace } from '../../workspace.js'

/** A database after it was migrated. */
export interface MigratedDatabase extends AssessedDatabase {
  /** The revisions applied, in order. */
  readonly applied: readonly string[]
}

/**
 * Runs the gate without a port: applies what is pending up to `to` (null: head), verifies, decides. A database that is ahead
 * and does not break this build is a success. Throws SCHEMA_USAGE for an unknown revision, and the refusals of the gate.
 */
export async function migrateTo(
  workspace: Workspace,
  to: string | null,
  control: TaskControl,
): Promise<MigratedDatabase> {
  refuseUnknownRevision(workspace, to)
  const { config } = workspace
  const policy = { ...config.policy, onBehind: to === null ? 'migrate' : 'warn' } as const
  // A revision that is rolled back and retried is reported twice.
  const applied = new Set<string>()
  const assessed = await runGate({
    ...control,
    workspace: { ...workspace, config: { ...config, policy } },
    migrate: true,
    ...(to === null ? {} : { to }),
    consequence: () =>
      applied.size === 0 ? 'Nothing was applied.' : 'The revisions applied before remain applied.',
    report: (progress) => {
      if (progress.event === 'revision applied') applied.add(progress.revision)
      control.report(progress)
    },
  })
  return { ...assessed, applied: [...applied] }
}

function refuseUnknownRevision({ migrations }: Workspace, to: string | null): void {
  if (to === null || migrations.some(({ revision }) => revision === to)) return
  throw new SchemaError('SCHEMA_USAGE', {
    what: `There is no revision "${to}" in this build. Nothing was done.`,
    facts: [['revisions', migrations.map(({ revision }) => revision).slice(-10)]],
    choices: [['schemagate status', 'shows the revisions of the database and of this build']],
  })
}
