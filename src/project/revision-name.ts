const migrationExtension = /\.(?:[cm]?[jt]s|co|coffee|eg|iced|litcoffee|ls)$/

/** A migration by its names. */
interface NamedMigration {
  readonly revision: string
  readonly file: string | null
  readonly knexName: string
}

/** A row of Knex's ledger. */
export interface RecordedName {
  readonly name: string
  readonly revision: string
}

/** The revision of a migration: the name of its file, or the name that Knex recorded, without extension. */
export function revisionOf(name: string): string {
  return name.replace(migrationExtension, '')
}

/**
 * Finds the revisions of recorded names. The very name of a migration of this build comes first: a ledger without extensions
 * has `a.js` for the file `a.js.js`.
 */
export function createRevisionFinder(build: readonly NamedMigration[]): (name: string) => string {
  const revisions = new Map([
    ...build.map(({ revision }) => [revision, revision] as const),
    ...build.map(({ knexName, revision }) => [knexName, revision] as const),
    ...build.flatMap(({ file, revision }) => (file === null ? [] : [[file, revision] as const])),
  ])
  return (name) => revisions.get(name) ?? revisionOf(name)
}

/**
 * The name to record a migration under. A new ledger gets the name that plain Knex would record; one that exists goes on as
 * it began, without extensions or with those of the files that began it, because Knex refuses names that it has no file for.
 */
export function ledgerName(
  migration: NamedMigration,
  build: readonly NamedMigration[],
  recorded: readonly RecordedName[],
): string {
  const { revision, file, knexName } = migration
  if (file === null || recorded.length === 0) return knexName
  return `${revision}${recordedExtension(file.slice(revision.length), build, recorded)}`
}

/** How this ledger records files of an extension: as the newest of the same extension, else in the manner of the newest. */
function recordedExtension(
  extension: string,
  build: readonly NamedMigration[],
  recorded: readonly RecordedName[],
): string {
  const files = new Map(build.map(({ revision, file }) => [revision, file]))
  const known = recorded.flatMap((record) => {
    const file = files.get(record.revision) ?? null
    return file === null
      ? []
      : [{ present: file.slice(record.revision.length), inLedger: extensionOf(record) }]
  })
  const newest = known.findLast(({ present }) => present === extension) ?? known.at(-1)
  const last = recorded.at(-1)
  if (newest === undefined) return last === undefined ? extension : extensionOf(last)
  const { present, inLedger } = newest
  if (present === extension || inLedger === '') return inLedger
  return present === inLedger ? extension : otherLanguage(extension)
}

function extensionOf({ name, revision }: RecordedName): string {
  return name.slice(revision.length)
}

/** `.js` for `.ts`, and `.mts` for `.mjs`: one is compiled from the other. */
function otherLanguage(extension: string): string {
  return extension.replace(/[jt](?=s$)/, (letter) => (letter === 'j' ? 't' : 'j'))
}
