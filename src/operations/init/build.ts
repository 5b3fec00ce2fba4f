import type { Catalog } from '../../core/model/catalog.js'
import { diffAgainstPromise, promisedCatalogAt } from '../../core/model/snapshot.js'
import { SchemaError } from '../../errors/schema-error.js'
import {
  canonicalizeDifferences,
  type CanonicalizedCatalog,
} from '../../postgres/canonicalize/canonicalize.js'
import { addressOf, describeAddress } from '../../postgres/connection/address.js'
import {
  allAnnotations,
  ledgerTablesOf,
  readCatalog,
  readCatalogInTransaction,
} from '../../postgres/introspect/read-catalog.js'
import { ledgerDetailOf } from '../../postgres/ledger/change-hash.js'
import { appendEntries } from '../../postgres/ledger/ledger.js'
import {
  type LockedSession,
  type MigrateOptions,
  withLockedSession,
} from '../../postgres/session/locked-session.js'
import { markApplied } from '../../postgres/session/mark-applied.js'

/** How an empty database becomes what is promised. */
export interface InitPlan {
  /** What may be there before: the objects every new database has. */
  readonly isInitial: (key: string) => boolean
  /** The statements that make it, all of which can share a transaction. */
  readonly statementsFor: (live: Catalog) => readonly string[]
  /** Looks at the result before the commit; what it throws undoes everything. */
  readonly check: (result: CanonicalizedCatalog) => void
}

/**
 * Builds an empty database at head in one transaction, under the lock, and records every revision in it.
 * Throws SCHEMA_NOT_EMPTY, and what `check` throws.
 */
export async function buildDatabase(options: MigrateOptions, blueprint: InitPlan): Promise<void> {
  await withLockedSession(options, async (locked) => {
    const { session, inspection } = locked
    const reading = { ...ledgerTablesOf(options.project), ...allAnnotations }
    const live = await readCatalog(session.client, reading)
    requireEmptyDatabase({ live, recorded: inspection.recorded.revisions, options, blueprint })
    const { project, migrations } = options
    await markApplied(locked, {
      project,
      migrations,
      inTransaction: () => buildAndRecord({ locked, options, blueprint, live }),
    })
  })
}

interface Occupation {
  readonly live: Catalog
  readonly recorded: readonly string[]
  readonly options: MigrateOptions
  readonly blueprint: InitPlan
}

function requireEmptyDatabase({ live, recorded, options, blueprint }: Occupation): void {
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

interface BuildContext {
  readonly locked: LockedSession
  readonly options: MigrateOptions
  readonly blueprint: InitPlan
  readonly live: Catalog
}

async function buildAndRecord({ locked, options, blueprint, live }: BuildContext): Promise<void> {
  const { session, schema } = locked
  const { migrations, writer } = options
  for (const statement of blueprint.statementsFor(live)) await session.client.query(statement)
  await session.client.query('set local check_function_bodies to default')
  const reading = { ...ledgerTablesOf(options.project), ...allAnnotations }
  const found = await readCatalogInTransaction(session.client, reading)
  blueprint.check(await canonicalizeBuilt(found, { locked, options }))
  await appendEntries(
    session.client,
    { schema, writer },
    migrations.map((migration) => ({
      revision: migration.revision,
      event: 'stamped',
      checksum: migration.checksum,
      detail: ledgerDetailOf(migration, options.snapshot),
    })),
  )
}

/** A definition that is made from its own text is not always printed as that text again. */
async function canonicalizeBuilt(
  live: Catalog,
  { locked, options }: Pick<BuildContext, 'locked' | 'options'>,
): Promise<CanonicalizedCatalog> {
  const { snapshot, migrations } = options
  if (snapshot === null) return { live, canonicalizeFailures: {} }
  const revisions = migrations.map(({ revision }) => revision)
  const differences = diffAgainstPromise(promisedCatalogAt(snapshot, revisions), live)
  const sight = { snapshot, revisions, live, major: locked.inspection.major, differences }
  return canonicalizeDifferences(locked.session.client, sight, 'callers')
}
