import { type Catalog, type Facts, parseKey, unquoteName } from '../model/catalog.js'
import { promisedCatalogAt, type Snapshot } from '../model/snapshot.js'

/**
 * What a person may want to know of the extensions that are promised at these revisions, and what is no difference: that one
 * is in another schema, or of another version.
 */
export function extensionNotes(
  snapshot: Snapshot,
  revisions: readonly string[],
  live: Catalog,
): readonly string[] {
  const { catalog } = promisedCatalogAt(snapshot.original ?? snapshot, revisions)
  return Object.entries(catalog).flatMap(([key, promised]) => {
    const actual = live[key]
    if (!key.startsWith('extension:') || actual === undefined) return []
    const name = unquoteName(parseKey(key).names[0] ?? '')
    return [...schemaNote(name, promised, actual), ...versionNote(name, promised, actual)]
  })
}

function schemaNote(name: string, { schema: promised }: Facts, { schema: actual }: Facts): readonly string[] {
  return promised === actual
    ? []
    : [
        `the extension ${name} is in the schema ${String(actual)}, and was promised in ${String(promised)}: it is the same extension, and what uses it is compared where it is`,
      ]
}

function versionNote(
  name: string,
  { $version: promised }: Facts,
  { $version: actual }: Facts,
): readonly string[] {
  if (promised === undefined || actual === undefined || promised === actual) return []
  const versions = `the extension ${name} has the version ${String(actual)}, and was promised with ${String(promised)}`
  return isOlder(String(actual), String(promised))
    ? [`${versions}, which is newer: what came with that may be missing here`]
    : [versions]
}

/** Versions are free text; those that are numbers with dots have an order. */
function isOlder(one: string, other: string): boolean {
  return one.localeCompare(other, 'en', { numeric: true }) < 0
}
