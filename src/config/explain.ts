import type { Config, ConfigEntry } from './config.js'
import { databaseKeyIds, type DatabaseChoice } from './database.js'
import { type KeyId, keyIds, keyOf } from './keys.js'
import type { Setting } from './lookup.js'
import { maskCredentials } from './url.js'
import type { Settings } from './validate.js'
import { stringType } from './value-types.js'

export interface ConfigDocument {
  readonly root: string
  readonly target: string
  readonly production: boolean
  readonly entries: readonly ConfigEntry[]
}

/** The effective values as an aligned table of key, value and source, for people. Holds no secret. */
export function renderConfig({ entries }: Config): string {
  const rows = [['key', 'value', 'source'], ...entries.map(({ key, value, source }) => [key, value, source])]
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n')
}

/** The effective values as the document of `schemagate config --json`. Holds no secret. */
export function configDocument({ root, target, production, entries }: Config): ConfigDocument {
  return { root, target, production, entries }
}

/** The table of keys in Markdown, for docs/configuration.md. */
export function configReference(): string {
  const rows = keyIds.map((id) => {
    const { default: value, defaultNote, description, expected } = keyOf(id)
    const shown = defaultNote ?? (value === null ? 'none' : `\`${value}\``)
    const takes = expected === stringType.expected ? '' : ` Takes ${expected}.`
    return `| \`${id}\` | ${shown} | ${description}${takes} |`
  })
  return ['| key | default | meaning |', '|---|---|---|', ...rows].join('\n')
}

/** Every effective value, masked, in the order of the table of keys. Says which database keys are not used. */
export function entriesOf(settings: Settings, choice: DatabaseChoice): readonly ConfigEntry[] {
  return keyIds.flatMap((id) => {
    const setting = settings.get(id)
    if (setting !== undefined) return [entryOf(id, setting, choice)]
    return id === 'DATABASE_URL' ? derivedUrlEntries(choice) : []
  })
}

function entryOf(id: KeyId, setting: Setting, choice: DatabaseChoice): ConfigEntry {
  const { mask = maskCredentials } = keyOf(id)
  const unused = databaseKeyIds.includes(id) && !choice.used.includes(id)
  const source = unused ? `${setting.source}, not used` : setting.source
  return { key: setting.name, value: mask(setting.text), source }
}

/** The database without a URL of its own: from the DB_ keys, or embedded. */
function derivedUrlEntries({ used, displayText, from }: DatabaseChoice): readonly ConfigEntry[] {
  return used.includes('DATABASE_URL_{TARGET}')
    ? []
    : [{ key: 'DATABASE_URL', value: displayText, source: from }]
}
