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

export const databaseSettingDdl = settingDdl(() => 'ALTER DATABASE %I')

export const roleSettingDdl = settingDdl(
  ({ names: [role = ''] }) => `ALTER ROLE ${escapePercent(quoteIdentifier(role))} IN DATABASE %I`,
)

export const databaseCommentDdl: KindDdl = {
  reference: () => 'DATABASE',
  create: (object) => [databaseCommentStep(quoteLiteral(textFact(object, 'value')))],
  drop: () => [databaseCommentStep('NULL')],
  alter: ({ to }) => [databaseCommentStep(quoteLiteral(textFact(to, 'value')))],
}

function databaseCommentStep(comment: string): DdlStep {
  return databaseStep(`COMMENT ON DATABASE %I IS ${escapePercent(comment)}`)
}

/** `statement` is a format() with the name of the database, which differs from database to database. */
function databaseStep(statement: string): DdlStep {
  const block = `BEGIN EXECUTE format(${quoteLiteral(statement)}, current_database()); END`
  return step(`DO ${block.includes('$$') ? quoteLiteral(block) : `$$ ${block} $$`}`)
}

function settingDdl(statement: (object: DdlObject) => string): KindDdl {
  const alter = (object: DdlObject, clause: string): DdlStep =>
    databaseStep(`${statement(object)} ${escapePercent(clause)}`)
  const set = (object: DdlObject): RenderResult => {
    const setting = settingOf(object)
    const value = textFact(object, 'value')
    if (value === '(hidden)')
      return { reason: 'its value may be a secret, and is not read', decide: `the value of ${setting}` }
    const isList = listSettings.has(object.names.at(-1) ?? '')
    return [alter(object, `SET ${setting} TO ${isList && value !== '' ? value : quoteLiteral(value)}`)]
  }
  return {
    reference: ({ name }) => `SETTING ${name}`,
    create: set,
    drop: (object) => [alter(object, `RESET ${settingOf(object)}`)],
    alter: ({ to }) => set(to),
  }
}

function escapePercent(text: string): string {
  return text.replaceAll('%', '%%')
}

/** A setting of an extension has two names: `auto_explain.log_analyze`. */
function settingOf({ names }: DdlObject): string {
  const name = names.at(-1) ?? ''
  return name.split('.').map(quoteIdentifier).join('.')
}
