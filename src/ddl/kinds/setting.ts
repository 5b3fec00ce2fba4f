import { quoteIdentifier, quoteLiteral } from '../identifiers.js'
import { type DdlObject, type DdlStep, type KindDdl, type RenderResult, step, textFact } from '../object.js'

/** Settings whose value is a list of names, which the catalog has in quotes already. */
const listSettings: ReadonlySet<string> = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
])

/** ALTER DATABASE needs the name, which differs from database to database. */
export const databaseSettingDdl: KindDdl = {
  reference: ({ name }) => `DATABASE SETTING ${name}`,
  create: (object) => settingSteps(object, 'value', inDatabase('ALTER DATABASE %I')),
  drop: (object) => [inDatabase('ALTER DATABASE %I')(`RESET ${settingOf(object)}`)],
  alter: ({ to }) => settingSteps(to, 'value', inDatabase('ALTER DATABASE %I')),
}

export const roleSettingDdl: KindDdl = {
  reference: ({ name }) => `ROLE SETTING ${name}`,
  create: (object) => roleSteps(object, ['inAllDatabases', 'inThisDatabase']),
  drop: (object) => [
    ...(textFact(object, 'inAllDatabases') === '' ? [] : [everywhere(object)(`RESET ${settingOf(object)}`)]),
    ...(textFact(object, 'inThisDatabase') === '' ? [] : [here(object)(`RESET ${settingOf(object)}`)]),
  ],
  alter: ({ to, facts }) => roleSteps(to, [...facts]),
}

/** Makes a statement of the clause that sets or resets. */
type Alter = (clause: string) => DdlStep

function inDatabase(statement: string): Alter {
  return (clause) =>
    step(
      `DO $$ BEGIN EXECUTE format(${quoteLiteral(`${statement} ${clause.replaceAll('%', '%%')}`)}, current_database()); END $$`,
    )
}

function everywhere({ names: [role = ''] }: DdlObject): Alter {
  return (clause) => step(`ALTER ROLE ${roleName(role)} ${clause}`)
}

function here({ names: [role = ''] }: DdlObject): Alter {
  return inDatabase(`ALTER ROLE ${roleName(role).replaceAll('%', '%%')} IN DATABASE %I`)
}

function roleName(role: string): string {
  return role === 'ALL' ? role : quoteIdentifier(role)
}

function settingOf({ names }: DdlObject): string {
  return quoteSetting(names.at(-1) ?? '')
}

function quoteSetting(name: string): string {
  return name.split('.').map(quoteIdentifier).join('.')
}

function roleSteps(object: DdlObject, facts: readonly string[]): RenderResult {
  const found = facts.map((fact) =>
    settingSteps(object, fact, fact === 'inAllDatabases' ? everywhere(object) : here(object)),
  )
  return (
    found.find((steps) => 'reason' in steps) ?? found.flatMap((steps) => ('reason' in steps ? [] : steps))
  )
}

function settingSteps(object: DdlObject, fact: string, alter: Alter): RenderResult {
  const value = textFact(object, fact)
  const setting = settingOf(object)
  if (value === '(hidden)')
    return { reason: 'its value may be a secret, and is not read', decide: `the value of ${setting}` }
  if (object.facts[fact] === undefined) return fact === 'value' ? [] : [alter(`RESET ${setting}`)]
  const isList = listSettings.has(object.names.at(-1) ?? '')
  return [alter(`SET ${setting} TO ${isList && value !== '' ? value : quoteLiteral(value)}`)]
}
