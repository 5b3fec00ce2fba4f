import type { Progress, ProgressEvents } from '../../core/progress/events.js'
import { noticeOf, type RevisionNotice } from '../../core/progress/notices.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { AssessedDatabase, TaskControl } from '../../gate/assess.js'
import { runGate } from '../../gate/gate.js'
import type { Workspace } from '../../workspace.js'

/** A database after it was migrated. */
export interface MigratedDatabase extends AssessedDatabase {
  /** The revisions applied, in order. */
  readonly applied: readonly string[]
  /** What PostgreSQL noticed while they ran. */
  readonly notices: readonly RevisionNotice[]
  /** What was built from the snapshot, or added from models; null where it was nothing. */
  readonly built: ProgressEvents['built'] | null
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
  const applied: string[] = []
  let notices: readonly RevisionNotice[] = []
  let built: MigratedDatabase['built'] = null
  const assessed = await runGate({
    ...control,
    workspace: { ...workspace, config: { ...config, policy } },
    migrate: true,
    ...(to === null ? {} : { to }),
    consequence: () =>
      applied.length === 0 ? 'Nothing was applied.' : 'The revisions applied before remain applied.',
    report: (progress) => {
      if (progress.event === 'revision applied') applied.push(progress.revision)
      if (progress.event === 'built') {
        const { event: _, ...rest } = progress
        built = rest
      }
      if (progress.event === 'notice') notices = [...notices, noticeOf(progress)]
      if (progress.event === 'revision blocked') notices = withoutRolledBack(notices, progress)
      control.report(progress)
    },
  })
  return { ...assessed, applied, notices, built }
}

/** What ran in vain runs again, and is noticed again. */
function withoutRolledBack(
  notices: readonly RevisionNotice[],
  { revision, along }: Progress<'revision blocked'>,
): readonly RevisionNotice[] {
  const again = new Set([revision, ...along])
  return notices.filter((notice) => notice.revision === null || !again.has(notice.revision))
}

function refuseUnknownRevision({ migrations, config }: Workspace, to: string | null): void {
  if (to !== null && config.buildFrom.kind === 'models')
    throw new SchemaError('SCHEMA_USAGE', {
      what: `The database is built from ${config.buildFrom.source}, which has no revision "${to}". Nothing was done.`,
      choices: [
        ['schemagate migrate', 'adds what the models have'],
        ['BUILD_FROM=migrations', 'builds it from the migrations'],
      ],
    })
  if (to === null || migrations.some(({ revision }) => revision === to)) return
  throw new SchemaError('SCHEMA_USAGE', {
    what: `There is no revision "${to}" in this build. Nothing was done.`,
    facts: [['revisions', migrations.map(({ revision }) => revision).slice(-10)]],
    choices: [['schemagate status', 'shows the revisions of the database and of this build']],
  })
}
