import { quoteLiteral } from '../identifiers.js'
import { type ObjectChange, type DdlObject, listFact, type DdlStep, step } from '../object.js'

/** How a setting is undone, by its first word; parameters are reset. */
const resetClauses: Readonly<Record<string, string>> = {
  statistics: 'SET STATISTICS -1',
  storage: 'SET STORAGE DEFAULT',
  compression: 'SET COMPRESSION default',
}

/** From `title: statistics 300`, `title: n_distinct=5`: what sets the columns of a materialized view like that. */
export function columnSettingSteps({ from, to }: Omit<ObjectChange, 'facts'>): readonly DdlStep[] {
  const [before, after] = [listFact(from, 'columnSettings'), listFact(to, 'columnSettings')]
  const names = new Set(after.map(settingName))
  return [
    ...after
      .filter((entry) => !before.includes(entry))
      .map((entry) => alterColumnSetting(to, entry, setClause(splitSetting(entry)[1]))),
    ...before
      .filter((entry) => !names.has(settingName(entry)))
      .map((entry) => alterColumnSetting(to, entry, resetClause(splitSetting(entry)[1]))),
  ]
}

function alterColumnSetting({ name }: DdlObject, entry: string, what: string): DdlStep {
  return step(`ALTER MATERIALIZED VIEW ${name} ALTER COLUMN ${splitSetting(entry)[0]} ${what}`)
}

function setClause(text: string): string {
  const [word = '', value = ''] = text.split(/[ =]/)
  return text.includes('=') ? `SET (${word} = ${quoteLiteral(value)})` : `SET ${word.toUpperCase()} ${value}`
}

function resetClause(text: string): string {
  const [word = ''] = text.split(/[ =]/)
  return resetClauses[word] ?? `RESET (${word})`
}

/** The column and what is set, without its value. */
function settingName(entry: string): string {
  return entry.slice(0, entry.length - (/[ =][^ =]*$/.exec(entry)?.[0].length ?? 0))
}

function splitSetting(entry: string): readonly [column: string, text: string] {
  const end = entry.lastIndexOf(': ')
  return [entry.slice(0, end), entry.slice(end + 2)]
}
