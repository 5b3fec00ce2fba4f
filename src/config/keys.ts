import { databaseKeys } from './database-keys.js'
import { policyKeys } from './policy-keys.js'
import { processKeys } from './process-keys.js'
import { serviceKeys } from './service-keys.js'
import type { ConfigKey } from './value-types.js'

/** Every key. `{TARGET}` stands for ENV_TARGET in upper case. */
export const configKeys = {
  ...serviceKeys,
  ...databaseKeys,
  ...policyKeys,
  ...processKeys,
} as const satisfies Record<string, ConfigKey>

export type KeyId = keyof typeof configKeys

type ValueOf<Schema> = Schema extends { readonly enum: readonly (infer Word)[] }
  ? Word
  : Schema extends { readonly type: 'integer' }
    ? number
    : string

/** The validated values by key; a key without a default may be undefined. */
export type ConfigValues = {
  readonly [Id in KeyId]:
    | ValueOf<(typeof configKeys)[Id]['schema']>
    | ((typeof configKeys)[Id]['default'] extends null ? undefined : never)
}

export const keyIds: readonly KeyId[] = Object.keys(configKeys).filter(isKeyId)

export function keyOf(id: KeyId): ConfigKey {
  return configKeys[id]
}

/** The name of a key for a target: DATABASE_URL_{TARGET} becomes DATABASE_URL_EU_WEST for `eu-west`. */
export function keyNameFor(id: KeyId, target: string): string {
  return id.replace('{TARGET}', target.toUpperCase().replaceAll('-', '_'))
}

/** Whether a name is a key or KEY_FILE, for any target. */
export function isConfigKey(name: string): boolean {
  return [name, name.replace(/_FILE$/, '')].some(
    (key) => isKeyId(key) || /^DATABASE_URL_[A-Z0-9_]+$/.test(key),
  )
}

/** Whether a JSON file may hold a list for the key of this name. */
export function acceptsList(name: string): boolean {
  return isKeyId(name) && keyOf(name).list === true
}

function isKeyId(name: string): name is KeyId {
  return Object.hasOwn(configKeys, name)
}
