/** A setting of Knex that may be one text or a list of them. */
export function toTextList(value: unknown, ...fallback: readonly string[]): readonly string[] {
  if (value === undefined || value === null) return fallback
  return [value].flat().map(String)
}
