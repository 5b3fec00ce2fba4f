/** An object that the first replay made and the second did not, because its name is made from a date or at random. */
export interface RenamedObject {
  readonly revision: string
  readonly key: string
  /** For VERIFY_IGNORE: what its names have in common. */
  readonly pattern: string
}

/** The patterns of some objects, separated by commas. */
export function patternsOf(objects: readonly RenamedObject[]): string {
  return [...new Set(objects.map(({ pattern }) => pattern))].join(',')
}
