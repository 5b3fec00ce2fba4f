import { keys, type Key } from './key-table.js'

export type KeyId = keyof typeof keys

type ValueOf<Schema> = Schema extends { readonly enum: readonly (infer Word)[] }
  ? Word
  : Schema extends { readonly type: 'integer' }
    ? number
    : string

/** The validated values by key; a key without a default may be undefined. */
export type Values = {
  readonly [Id in KeyId]:
    ValueOf<(typeof keys)[Id]['schema']> | ((typeof keys)[Id]['default'] extends null ? undefined : never)
}

export const keyIds: readonly KeyId[] = Object.keys(keys).filter(isKeyId)

export function keyOf(id: KeyId): Key {
  return keys[id]
}

/** The name under which a key is set for a target: DATABASE_URL_{TARGET} becomes DATABASE_URL_EU_WEST for `eu-west`. */
export function nameOf(id: KeyId, target: string): string {
  return id.replace('{TARGET}', target.toUpperCase().replaceAll('-', '_'))
}

/** Whether a name is one of ours, for whatever target, itself or as KEY_FILE. */
export function isOurs(name: string): boolean {
  return [name, name.replace(/_FILE$/, '')].some(
    (key) => isKeyId(key) || /^DATABASE_URL_[A-Z0-9_]+$/.test(key),
  )
}

/** Whether a JSON file may hold a list for the key of this name. */
export function takesList(name: string): boolean {
  return isKeyId(name) && keyOf(name).list === true
}

function isKeyId(name: string): name is KeyId {
  return Object.hasOwn(keys, name)
}
