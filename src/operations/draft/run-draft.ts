import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, extname, join } from 'node:path'
import type { Knex } from 'knex'
import type { DraftFunction } from '../../ddl/draft/draft-migration.js'
import {
  type MigrationCode,
  type MigrationLanguage,
  renderMigration,
} from '../../ddl/draft/migration-code.js'
import type { Statement } from '../../ddl/statement.js'
import { SchemaError } from '../../errors/schema-error.js'
import type { Connection } from '../../postgres/connection/connect.js'
import type { FailedStatement } from '../../postgres/proof/run-statements.js'
import { findFailedStatement } from '../../postgres/session/failed-statement.js'
import { toKnexMigration } from '../../postgres/session/knex-migration.js'
import { withKnexSession } from '../../postgres/session/knex-session.js'
import type { KnexProject } from '../../project/knex-project.js'
import { loadMigration, type LoadedMigration } from '../../project/load-migration.js'
import { isModulePackage } from '../../project/project-package.js'

/** A file of a draft: where it is going to be, and in which language. */
export interface DraftFile {
  readonly path: string
  readonly language: MigrationLanguage
}

/** The project whose Knex runs a draft, and the file that it is going to be. */
export interface DraftPlace {
  readonly project: KnexProject
  readonly file: DraftFile
}

/**
 * Writes a draft to a file, loads it and lets Knex run one of its functions as a migration. Returns the statement that failed;
 * where the builder made it, the last of those that it was made from. Null if all ran. Throws SCHEMA_MIGRATION_UNLOADABLE.
 */
export async function runDraft(
  connection: Connection,
  { code, name }: { readonly code: MigrationCode; readonly name: DraftFunction },
  statements: readonly Statement[],
  place: DraftPlace,
): Promise<FailedStatement | null> {
  const { project } = place
  return withLoadedDraft(code, place.file, (migration) =>
    withKnexSession(connection, project, async ({ knex }) => {
      const run = name === 'up' ? migration.up : migration.down
      try {
        await migrate(knex, { ...migration, up: run ?? migration.up }, project)
        return null
      } catch (error) {
        return failedStatementOf(error, statements)
      }
    }),
  )
}

/** The file is in a folder of its own, whose `.js` files are what those of the project are. */
async function withLoadedDraft<T>(
  code: MigrationCode,
  { path, language }: DraftFile,
  use: (migration: LoadedMigration) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'schemagate-draft-'))
  try {
    const type = isModulePackage(dirname(path)) ? 'module' : 'commonjs'
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type }))
    const file = join(folder, `draft${extname(path)}`)
    await writeFile(file, renderMigration(code, language))
    return await use(await loadMigration('draft', file))
  } finally {
    await rm(folder, { recursive: true })
  }
}

async function migrate(
  knex: Knex,
  { up, transaction }: LoadedMigration,
  project: KnexProject,
): Promise<void> {
  const isTransactional = transaction ?? !project.disableTransactions
  const migrationSource: Knex.MigrationSource<string> = {
    getMigrations: async () => ['draft'],
    getMigrationName: (name) => name,
    getMigration: () =>
      toKnexMigration({
        config: { transaction: isTransactional },
        up: async (client: Knex) => void (await up(client)),
        down: async () => {},
      }),
  }
  await knex.migrate.latest({
    migrationSource,
    tableName: project.tableName,
    schemaName: 'public',
    disableTransactions: !isTransactional,
  })
}

/** What is no fault of the draft, such as a lost connection, is thrown. */
function failedStatementOf(error: unknown, statements: readonly Statement[]): FailedStatement {
  const last = statements.at(-1)
  if (error instanceof SchemaError || !(error instanceof Error) || last === undefined) throw error
  const failed = findFailedStatement(error) ?? { sql: last.sql, error }
  const statement = statements.find(({ sql }) => sql === failed.sql) ?? { ...last, sql: failed.sql }
  return { statement, error: failed.error }
}
