/** Nouns with an irregular plural, and kinds of objects that people call by a different name. */
const irregularNames: Readonly<Record<string, readonly [one: string, several: string]>> = {
  index: ['index', 'indexes'],
  policy: ['policy', 'policies'],
  statistics: ['extended statistics', 'extended statistics'],
  composite: ['composite type', 'composite types'],
  range: ['range type', 'range types'],
  operator_family: ['operator family', 'operator families'],
  operator_class: ['operator class', 'operator classes'],
  text_search_dictionary: ['text search dictionary', 'text search dictionaries'],
  server: ['foreign server', 'foreign servers'],
  default_privileges: ['default privileges', 'default privileges'],
}

/** The name of one object of a kind: `materialized_view` -> `materialized view`. */
export function nameOfKind(kind: string): string {
  return irregularNames[kind]?.[0] ?? kind.replaceAll('_', ' ')
}

/** The name of several objects of a kind: `column` -> `columns`. */
export function pluralOfKind(kind: string): string {
  return irregularNames[kind]?.[1] ?? `${nameOfKind(kind)}s`
}

/** A whole number with its thousands apart, as `toLocaleString` does, which takes longer than the rest of a line of output. */
function formatNumber(number: number): string {
  return String(number).replaceAll(/\B(?=(?:\d{3})+$)/g, ',')
}

/** `1 revision`, `3 revisions`. */
export function formatCount(number: number, noun: string): string {
  return `${formatNumber(number)} ${number === 1 ? nameOfKind(noun) : pluralOfKind(noun)}`
}

/** A number of bytes as people read it: `900 bytes`, `3 MB`, `1.2 GB`. */
export function formatBytes(bytes: number): string {
  const unit = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), byteUnits.length - 1)
  const size = bytes / 1024 ** unit
  return `${size < 10 && unit > 0 ? String(Number(size.toFixed(1))) : formatNumber(Math.round(size))} ${byteUnits[unit]}`
}

const byteUnits = ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB']

/** Counts by kind: `2 tables, 9 columns`, `nothing` for none. */
export function describeCounts(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([kind, number]) => formatCount(number, kind))
  return parts.length === 0 ? 'nothing' : parts.join(', ')
}

/** A list of at most 12 lines: of a longer one the first and the last five, and how many are left out. */
export function shortenList(lines: readonly string[]): readonly string[] {
  return lines.length <= 12
    ? lines
    : [...lines.slice(0, 5), `… ${lines.length - 10} more`, ...lines.slice(-5)]
}

/** Milliseconds as people read them: `340 ms`, `12.4 s`, `3 min 5 s`. */
export function describeDuration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`
  if (milliseconds < 59_950) return `${(milliseconds / 1_000).toFixed(1)} s`
  const seconds = Math.round(milliseconds / 1_000)
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

/** A time as Date prints it in ISO 8601, to the second, for names that sort by it: `20261120091402`. */
export function compactTime(iso: string): string {
  return iso.replaceAll(/\D/g, '').slice(0, 14)
}
