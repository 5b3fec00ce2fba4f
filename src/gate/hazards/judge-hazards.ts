import type pg from 'pg'
import type { Snapshot } from '../../core/model/snapshot.js'
import type { ProgressReporter } from '../../core/progress/events.js'
import { formatCount, shortenList } from '../../core/text/format.js'
import { hazardName } from '../../ddl/hazards/allowed-hazards.js'
import { explainHazard } from '../../ddl/plan/runbook.js'
import { tablesOf } from '../../ddl/statement.js'
import { SchemaError } from '../../errors/schema-error.js'
import { describeAddress } from '../../postgres/connection/address.js'
import type { Inspection } from '../../postgres/inspect/inspection.js'
import { readBriefly } from '../../postgres/inspect/read-briefly.js'
import { readTableSizes } from '../../postgres/inspect/table-sizes.js'
import type { MigrateOptions } from '../../postgres/session/migrate-options.js'
import { readAllowingComments } from '../../project/allowing-comments.js'
import type { Workspace } from '../../workspace.js'
import { foreseeHazards, type ForeseenHazards, type PendingRevision } from './foresee-hazards.js'

/** A hazard of a pending revision in words. */
interface HazardLine {
  readonly revision: string
  readonly hazard: string
  readonly text: string
}

/**
 * What tells the hazards of the pending revisions before they are run, and with ON_HAZARD=refuse throws
 * SCHEMA_HAZARD_REFUSED. Of the database it asks the sizes of the tables. A database without revisions has no users yet.
 */
export function judgeHazards(
  workspace: Workspace,
  snapshot: Snapshot | null,
  report: ProgressReporter,
): NonNullable<MigrateOptions['beforeRun']> {
  const { policy, planAllow } = workspace.config
  const allowed = planAllow.split(',').map((name) => name.trim())
  return async (names, client, inspection) => {
    const applied = inspection.recorded.revisions
    if (applied.length === 0) return []
    const pending = await readPending(workspace, names, allowed)
    const start = { snapshot, applied, serverMajor: inspection.major }
    const lines = await describe(foreseeHazards(start, pending), pending, client)
    if (policy.onHazard === 'refuse' && lines.length > 0)
      throw refusal(lines, allowed, { workspace, inspection })
    for (const each of lines) report({ event: 'hazard foreseen', ...each })
    return []
  }
}

async function readPending(
  { migrations, project }: Workspace,
  names: readonly string[],
  allowed: readonly string[],
): Promise<readonly PendingRevision[]> {
  const pending: PendingRevision[] = []
  for (const migration of migrations.filter(({ revision }) => names.includes(revision))) {
    const { transaction } = await migration.load()
    const comments = await readAllowingComments(migration)
    const reasoned = comments.filter(({ reason }) => reason !== '').map(({ name }) => name)
    pending.push({
      revision: migration.revision,
      transactional: transaction ?? !project.disableTransactions,
      allowed: new Set([...allowed, ...reasoned]),
    })
  }
  return pending
}

async function describe(
  foreseen: readonly ForeseenHazards[],
  pending: readonly PendingRevision[],
  client: pg.ClientBase,
): Promise<readonly HazardLine[]> {
  const tables = tablesOf(foreseen.flatMap(({ hazards }) => hazards))
  const sizes = await readBriefly(client, () => readTableSizes(client, tables))
  return foreseen.flatMap(({ revision, hazards, unknown }, index): readonly HazardLine[] => {
    const { transactional = true } = pending[index] ?? {}
    if (unknown !== null)
      return [{ revision, hazard: 'unknown', text: `what it does to others is not known: ${unknown}` }]
    return hazards.map((hazard) => ({
      revision,
      hazard: hazardName(hazard),
      text: explainHazard(hazard, { transactional }, sizes),
    }))
  })
}

function refusal(
  lines: readonly HazardLine[],
  allowed: readonly string[],
  { workspace, inspection }: { readonly workspace: Workspace; readonly inspection: Inspection },
): SchemaError {
  const revisions = new Set(lines.map(({ revision }) => revision))
  const names = [...new Set(lines.map(({ hazard }) => hazard))].filter((name) => name !== 'unknown')
  return new SchemaError('SCHEMA_HAZARD_REFUSED', {
    what: `${formatCount(revisions.size, 'pending revision')} would do to others what nobody has allowed. Nothing was migrated.`,
    facts: [
      ['database', describeAddress(inspection.database)],
      ['environment', workspace.config.target],
      ['allowed', allowed.join(', ')],
      [
        'not allowed',
        shortenList(lines.map(({ revision, hazard, text }) => `${revision}: ${text} (${hazard})`)),
      ],
    ],
    choices: [
      ['npx schemagate plan', 'shows what each statement does, and a safer way where one is known'],
      [`// schemagate: allow ${names[0] ?? 'lock'} -- REASON`, 'in a migration allows it there'],
      [`PLAN_ALLOW=${[...new Set([...allowed, ...names])].join(',')}`, 'allows it everywhere'],
      ['ON_HAZARD=warn', 'migrates, and says so in the log'],
    ],
  })
}
