import { resolve } from 'node:path'
import { readTextFile } from './files.js'
import type { Layer } from './layers.js'
import type { ConfigFault } from './problem.js'
import { maskCredentials } from './url.js'

export interface Setting {
  readonly kind: 'found'
  /** The name of the key, without _FILE. */
  readonly name: string
  readonly text: string
  readonly layer: string
  /** The layer, with the file where it is set as KEY_FILE. */
  readonly source: string
}

export type Lookup =
  Setting | { readonly kind: 'absent' } | { readonly kind: 'faulty'; readonly fault: ConfigFault }

/**
 * The setting of the strongest layer that has NAME or NAME_FILE; the strongest is last. An empty value is a fault, and so
 * is a file that cannot be read. A relative path in NAME_FILE starts at `root`.
 */
export function lookUp(layers: readonly Layer[], name: string, root: string): Lookup {
  const pointer = `${name}_FILE`
  const layer = layers.findLast(({ values }) => name in values || pointer in values)
  if (layer === undefined) return { kind: 'absent' }
  const direct = lookUpDirect(layer, name)
  if (direct.kind !== 'absent') return direct
  const reference = lookUpDirect(layer, pointer)
  return reference.kind === 'found' ? readReferencedFile(reference, name, root) : reference
}

function lookUpDirect({ source, values }: Layer, name: string): Lookup {
  const text = values[name]
  return text === undefined
    ? { kind: 'absent' }
    : checkNonEmpty({ kind: 'found', name, text, layer: source, source })
}

function readReferencedFile(
  { name: subject, text: path, layer }: Setting,
  name: string,
  root: string,
): Lookup {
  const file = readTextFile(resolve(root, path))
  const shown = maskCredentials(path)
  if (file.kind === 'text') {
    const text = file.text.replace(/\r?\n$/, '')
    return checkNonEmpty({ kind: 'found', name, text, layer, source: `${layer}, file ${shown}` })
  }
  const why = file.kind === 'missing' ? 'does not exist' : `cannot be read: ${file.code}`
  const hint = 'expected a file that this process may read'
  return { kind: 'faulty', fault: { subject, source: layer, problem: `names ${shown}, which ${why}`, hint } }
}

function checkNonEmpty(setting: Setting): Lookup {
  if (setting.text.trim() !== '') return setting
  const { name: subject, source } = setting
  const hint = 'expected a value; to set none, remove the key'
  return { kind: 'faulty', fault: { subject, source, problem: 'is empty', hint } }
}
