import { quoteLiteral } from '../identifiers.js'
import { type DdlObject, listFact, type DdlStep, step } from '../object.js'

/** The clauses that reset a setting, by its keyword; other settings are parameters, which have RESET. */
const resetClauses: Readonly<Record<string, string>> = {
  statistics: 'SET STATISTICS -1',
  compression: 'SET COMPRESSION default',
}

/** ALTER COLUMN for the column settings of a materialized view: `title: statistics 300`, `title: n_distinct=5`. */
export function columnSettingSteps(from: DdlObject, to: DdlObject): readonly DdlStep[] {
  const [before, after] = [listFact(from, 'columnSettings'), listFact(to, 'columnSettings')]
  const names = new Set(after.map(settingName))
  return [
    ...after
      .filter((entry) => !before.includes(entry))
      .map((entry) => alterColumnSetting(to, entry, setClause)),
    ...before
      .filter((entry) => !names.has(settingName(entry)))
      .map((entry) =>
        alterColumnSetting(to, entry, (setting) => resetClause(setting, typeStorageOf(from, entry))),
      ),
  ]
}

function alterColumnSetting(
  { name }: DdlObject,
  entry: string,
  clause: (setting: string) => string,
): DdlStep {
  const end = entry.lastIndexOf(': ')
  const [column, setting] = [entry.slice(0, end), entry.slice(end + 2)]
  return step(`ALTER MATERIALIZED VIEW ${name} ALTER COLUMN ${column} ${clause(setting)}`)
}

function setClause(setting: string): string {
  const [keyword = '', value = ''] = setting.split(/[ =]/)
  return setting.includes('=')
    ? `SET (${keyword} = ${quoteLiteral(value)})`
    : `SET ${keyword.toUpperCase()} ${value}`
}

function resetClause(setting: string, typeStorage: string): string {
  const [keyword = ''] = setting.split(/[ =]/)
  if (keyword === 'storage') return `SET STORAGE ${typeStorage.toUpperCase()}`
  return resetClauses[keyword] ?? `RESET (${keyword})`
}

/** The storage of the type of the column of an entry. A snapshot of before it was read has none. */
function typeStorageOf(view: DdlObject, entry: string): string {
  const column = entry.slice(0, entry.lastIndexOf(': ') + 2)
  const found = listFact(view, '$typeStorage').find((each) => each.startsWith(column))
  return found?.slice(column.length) ?? 'default'
}

/** The column and the setting without its value. */
function settingName(entry: string): string {
  return entry.slice(0, entry.length - (/[ =][^ =]*$/.exec(entry)?.[0].length ?? 0))
}
