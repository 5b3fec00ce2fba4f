import { databaseIds, type Choice } from './database.js'
import { keyIds, keyOf, type KeyId } from './keys.js'
import type { Setting } from './lookup.js'
import type { ConfigEntry } from './types.js'
import { maskCredentials } from './url.js'
import type { Settings } from './validate.js'

/** Every effective value, masked, in the order of the table of keys. A key that lost to another one says so. */
export function entriesOf(settings: Settings, choice: Choice): readonly ConfigEntry[] {
  return keyIds.flatMap((id) => {
    const setting = settings.get(id)
    if (setting !== undefined) return [entryOf(id, { setting, choice })]
    return id === 'DATABASE_URL' ? derivedUrl(choice) : []
  })
}

function entryOf(id: KeyId, { setting, choice }: { setting: Setting; choice: Choice }): ConfigEntry {
  const { mask = maskCredentials } = keyOf(id)
  const unused = databaseIds.includes(id) && !choice.used.includes(id)
  const source = unused ? `${setting.source}, not used` : setting.source
  return { key: setting.name, value: mask(setting.text), source }
}

/** The database that no URL names: made from the DB_ keys, or embedded. */
function derivedUrl({ used, shown, from }: Choice): readonly ConfigEntry[] {
  return used.includes('DATABASE_URL_{TARGET}') ? [] : [{ key: 'DATABASE_URL', value: shown, source: from }]
}
