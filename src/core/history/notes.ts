import { type Catalog, type Facts, keysOf, parseKey, unquoteName } from '../model/catalog.js'

/**
 * What a person may want to know of the extensions that are promised, and what is no difference: that one is in another
 * schema, or of another version.
 */
export function extensionNotes(expected: Catalog, live: Catalog): readonly string[] {
  const extensions = keysOf(expected).filter((key) => key.startsWith('extension:'))
  return extensions.flatMap((key) => {
    const [promised, actual] = [expected[key], live[key]]
    if (promised === undefined || actual === undefined) return []
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
