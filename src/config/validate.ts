import type { Fault, Outcome } from './fault.js'
import { keyIds, keyOf, type KeyId, type Values } from './keys.js'
import type { Setting } from './lookup.js'
import { maskCredentials } from './url.js'

export type Settings = ReadonlyMap<KeyId, Setting>

/** The settings as typed values, or a fault for each that is not of its form. */
export function validate(settings: Settings, root: string): Outcome<Values> {
  const values: Record<string, unknown> = {}
  const faults: Fault[] = []
  for (const [id, setting] of settings) {
    values[id] = keyOf(id).parse(setting.text, root)
    if (values[id] === undefined) faults.push(malformed(id, setting))
  }
  return faults.length === 0 && isWhole(values)
    ? { kind: 'sound', value: values }
    : { kind: 'faulty', faults }
}

/** Where a key that has a default lacks a value, its setting could not be read, and that is a fault already. */
function isWhole(values: Readonly<Record<string, unknown>>): values is Values {
  return keyIds.every((id) => keyOf(id).default === null || values[id] !== undefined)
}

function malformed(id: KeyId, { name, text, source }: Setting): Fault {
  const { expected, problem, mask = maskCredentials, secret } = keyOf(id)
  const blunt = secret ? 'is not of its form' : `is ${JSON.stringify(mask(text))}`
  return { subject: name, source, problem: problem?.(text) ?? blunt, hint: `expected ${expected}` }
}
