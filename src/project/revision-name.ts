const migrationExtension = /\.(?:[cm]?[jt]s|co|coffee|eg|iced|litcoffee|ls)$/

/** A migration by its revision, and the name that a custom source gives it. */
interface NamedMigration {
  readonly revision: string
  readonly sourceName: string | null
}

/** The revision of a migration: the name of its file, or the name that Knex recorded, without extension. */
export function revisionOf(name: string): string {
  return name.replace(migrationExtension, '')
}

/**
 * The name to record a migration under. A ledger that Knex began with file names goes on with the same extension, because
 * Knex refuses a ledger that has both forms. A new ledger gets revisions without extension.
 */
export function ledgerName({ revision, sourceName }: NamedMigration, recorded: readonly string[]): string {
  const last = recorded.at(-1) ?? ''
  return sourceName ?? `${revision}${last.slice(revisionOf(last).length)}`
}
