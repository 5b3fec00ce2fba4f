import { literal } from '../identifiers.js'
import { type Change, type DdlObject, list, type Step, step } from '../object.js'

/** How a setting is undone, by its first word; parameters are reset. */
const defaults: Readonly<Record<string, string>> = {
  statistics: 'SET STATISTICS -1',
  storage: 'SET STORAGE DEFAULT',
  compression: 'SET COMPRESSION default',
}

/** From `title: statistics 300`, `title: n_distinct=5`: what sets the columns of a materialized view like that. */
export function columnSettingSteps({ from, to }: Omit<Change, 'facts'>): readonly Step[] {
  const [before, after] = [list(from, 'columnSettings'), list(to, 'columnSettings')]
  const names = new Set(after.map(nameOf))
  return [
    ...after
      .filter((entry) => !before.includes(entry))
      .map((entry) => alter(to, entry, setting(partsOf(entry)[1]))),
    ...before
      .filter((entry) => !names.has(nameOf(entry)))
      .map((entry) => alter(to, entry, unsetting(partsOf(entry)[1]))),
  ]
}

function alter({ name }: DdlObject, entry: string, what: string): Step {
  return step(`ALTER MATERIALIZED VIEW ${name} ALTER COLUMN ${partsOf(entry)[0]} ${what}`)
}

function setting(text: string): string {
  const [word = '', value = ''] = text.split(/[ =]/)
  return text.includes('=') ? `SET (${word} = ${literal(value)})` : `SET ${word.toUpperCase()} ${value}`
}

function unsetting(text: string): string {
  const [word = ''] = text.split(/[ =]/)
  return defaults[word] ?? `RESET (${word})`
}

/** The column and what is set, without its value. */
function nameOf(entry: string): string {
  return entry.slice(0, entry.length - (/[ =][^ =]*$/.exec(entry)?.[0].length ?? 0))
}

function partsOf(entry: string): readonly [column: string, text: string] {
  const end = entry.lastIndexOf(': ')
  return [entry.slice(0, end), entry.slice(end + 2)]
}
