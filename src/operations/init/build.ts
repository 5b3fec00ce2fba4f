import type { Catalog } from '../../core/model/catalog.js'
import { differencesFrom, promisedAt } from '../../core/model/snapshot.js'
import { SchemaError } from '../../errors/schema-error.js'
import { inPromisedWords, type Reconciled } from '../../postgres/canonicalize/canonicalize.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import {
  everything,
  ledgerTablesOf,
  readCatalog,
  readCatalogInTransaction,
} from '../../postgres/introspect/read-catalog.js'
import { detailOf } from '../../postgres/ledger/change-hash.js'
import { append } from '../../postgres/ledger/ledger.js'
import {
  type LockedSession,
  type MigrateOptions,
  withLockedSession,
} from '../../postgres/session/locked-session.js'
import { recordUnrun } from '../../postgres/session/mark-applied.js'

/** How an empty database becomes what is promised. */
export interface Blueprint {
  /** What may be there before: the objects every new database has. */
  readonly isInitial: (key: string) => boolean
  /** The statements that make it, all of which can share a transaction. */
  readonly statementsFor: (live: Catalog) => readonly string[]
  /** Looks at the result before the commit; what it throws undoes everything. */
  readonly check: (result: Reconciled) => void
}

/**
 * Builds an empty database at head in one transaction, under the lock, and records every revision in it.
 * Throws SCHEMA_NOT_EMPTY, and what `check` throws.
 */
export async function initialise(options: MigrateOptions, blueprint: Blueprint): Promise<void> {
  await withLockedSession(options, async (locked) => {
    const { session, inspection } = locked
    const reading = { ...ledgerTablesOf(options.project), ...everything }
    const live = await readCatalog(session.client, reading)
    refuseOccupied({ live, recorded: inspection.recorded.revisions, options, blueprint })
    const { project, migrations } = options
    await recordUnrun(locked, {
      project,
      migrations,
      work: () => build({ locked, options, blueprint, live }),
    })
  })
}

interface Occupation {
  readonly live: Catalog
  readonly recorded: readonly string[]
  readonly options: MigrateOptions
  readonly blueprint: Blueprint
}

function refuseOccupied({ live, recorded, options, blueprint }: Occupation): void {
  const found = Object.keys(live).filter((key) => !blueprint.isInitial(key))
  if (found.length === 0 && recorded.length === 0) return
  throw new SchemaError('SCHEMA_NOT_EMPTY', {
    what: 'Only an empty database is built from the snapshot, and this one is not. Nothing was done.',
    facts: [
      ['database', describeAddress(addressOf(options.connection))],
      ['recorded', `${recorded.length} revisions`],
      ['holds', found.slice(0, 10)],
    ],
    choices: [['schemagate migrate', 'applies what is pending to a database that is in use']],
  })
}

interface Building {
  readonly locked: LockedSession
  readonly options: MigrateOptions
  readonly blueprint: Blueprint
  readonly live: Catalog
}

async function build({ locked, options, blueprint, live }: Building): Promise<void> {
  const { session, schema } = locked
  const { migrations, writer } = options
  for (const statement of blueprint.statementsFor(live)) await session.client.query(statement)
  await session.client.query('set local check_function_bodies to default')
  const reading = { ...ledgerTablesOf(options.project), ...everything }
  const found = await readCatalogInTransaction(session.client, reading)
  blueprint.check(await reconciled(found, { locked, options }))
  await append(
    session.client,
    { schema, writer },
    migrations.map((migration) => ({
      revision: migration.revision,
      event: 'stamped',
      checksum: migration.checksum,
      detail: detailOf(migration, options.snapshot),
    })),
  )
}

/** A definition that is made from its own text is not always printed as that text again. */
async function reconciled(
  live: Catalog,
  { locked, options }: Pick<Building, 'locked' | 'options'>,
): Promise<Reconciled> {
  const { snapshot, migrations } = options
  if (snapshot === null) return { live, unrendered: {} }
  const revisions = migrations.map(({ revision }) => revision)
  const differences = differencesFrom(promisedAt(snapshot, revisions), live)
  const sight = { snapshot, revisions, live, major: locked.inspection.major, differences }
  return inPromisedWords(locked.session.client, sight, 'callers')
}
