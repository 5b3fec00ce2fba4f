import type pg from 'pg'
import { inspect, type Inspection } from '../../postgres/inspect/inspect.js'
import { ledgerDetailOf } from '../../postgres/ledger/change-hash.js'
import {
  appendEntries,
  type LedgerDetail,
  type LedgerEntry,
  quoteTableName,
} from '../../postgres/ledger/ledger.js'
import {
  type LockedSession,
  type MigrateOptions,
  withLockedSession,
} from '../../postgres/session/locked-session.js'
import { markApplied } from '../../postgres/session/mark-applied.js'
import { type Migration, revisionOf } from '../../project/migration-files.js'

export interface StampOptions {
  /** The revisions to be recorded, those that are already among them. */
  readonly revisions: readonly string[]
  /** The recorded ones among them whose text as it is now is to be put on record. */
  readonly edited: readonly string[]
  /** The revisions to be taken out of the record, because their files are lost. */
  readonly forget: readonly string[]
  /** Judges what is true of the database under the lock: what to keep with each row, null to record nothing. */
  readonly verify: (client: pg.ClientBase, inspection: Inspection) => Promise<LedgerDetail | null>
}

/** Records revisions as applied without running them, in one transaction under the lock. Returns those that were not yet. */
export async function stamp(
  options: MigrateOptions,
  { revisions, edited, forget, verify }: StampOptions,
): Promise<readonly string[]> {
  const { connection, project, scope } = options
  return withLockedSession(options, async (locked) => {
    const { client } = locked.session
    const inspection = await inspect(client, { connection, project, ...(scope ? { scope } : {}) })
    const detail = await verify(client, inspection)
    if (detail === null) return []
    const recorded = new Set(inspection.recorded.revisions)
    const migrations = options.migrations.filter(
      ({ revision }) => revisions.includes(revision) && !recorded.has(revision),
    )
    const reworded = options.migrations.filter(({ revision }) => edited.includes(revision))
    await writeStamp(locked, { options, migrations, reworded, forget, detail })
    return migrations.map(({ revision }) => revision)
  })
}

interface Writing {
  readonly options: MigrateOptions
  readonly migrations: readonly Migration[]
  readonly reworded: readonly Migration[]
  readonly forget: readonly string[]
  readonly detail: LedgerDetail
}

async function writeStamp(
  locked: LockedSession,
  { options, migrations, reworded, forget, detail }: Writing,
): Promise<void> {
  const { session, schema, inspection } = locked
  const { project, snapshot, writer } = options
  const names = (inspection.ledger?.names ?? []).filter((name) => forget.includes(revisionOf(name)))
  const rows: readonly LedgerEntry[] = [
    ...forget.map((revision) => ({ revision, event: 'forgotten' as const, detail })),
    ...[...migrations, ...reworded].map((migration) => ({
      revision: migration.revision,
      event: 'stamped' as const,
      checksum: migration.checksum,
      detail: { ...ledgerDetailOf(migration, snapshot), ...detail },
    })),
  ]
  const work = async (): Promise<void> => {
    if (names.length > 0) {
      const table = quoteTableName(schema, project.tableName)
      await session.client.query(`delete from ${table} where name = any($1)`, [names])
    }
    await appendEntries(session.client, { schema, writer }, rows)
  }
  if (migrations.length > 0) await markApplied(locked, { project, migrations, inTransaction: work })
  else await session.knex.transaction(work)
}
