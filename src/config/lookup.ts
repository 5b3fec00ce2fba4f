import { resolve } from 'node:path'
import { expandReferences, type ReferenceValue } from '../core/text/references.js'
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

/** The names whose values refer to the one that is looked up, the first one first. */
type Referrers = readonly string[]

/**
 * The setting of the strongest layer that has NAME or NAME_FILE; the strongest is last. References in it stand for what
 * the layers say, and one to NAME itself for what those below say. An empty value is a fault, and so is a file that cannot be
 * read. A relative path in NAME_FILE starts at `root`.
 */
export function lookUp(
  layers: readonly Layer[],
  name: string,
  root: string,
  referrers: Referrers = [],
): Lookup {
  const pointer = `${name}_FILE`
  const index = layers.findLastIndex(({ values }) => name in values || pointer in values)
  const layer = layers[index]
  if (layer === undefined) return { kind: 'absent' }
  const resolve = (each: string): ReferenceValue => {
    if (referrers.includes(each)) return { kind: 'faulty', why: `refers back to ${name}` }
    return toReferenceValue(
      each === name
        ? lookUp(layers.slice(0, index), name, root, referrers)
        : lookUp(layers, each, root, [...referrers, name]),
    )
  }
  const direct = expand(lookUpDirect(layer, name), layer, resolve)
  if (direct.kind !== 'absent') return direct
  const reference = expand(lookUpDirect(layer, pointer), layer, resolve)
  return reference.kind === 'found' ? readReferencedFile(reference, name, root) : reference
}

function toReferenceValue(lookup: Lookup): ReferenceValue {
  switch (lookup.kind) {
    case 'found':
      return lookup
    case 'absent':
      return { kind: 'faulty', why: 'no layer sets' }
    case 'faulty':
      return { kind: 'faulty', why: lookup.fault.problem }
  }
}

function expand(lookup: Lookup, { expanded }: Layer, resolve: (name: string) => ReferenceValue): Lookup {
  if (lookup.kind !== 'found' || expanded?.has(lookup.name) !== true) return lookup
  const result = expandReferences(lookup.text, resolve)
  if (result.kind === 'faulty') {
    const hint = 'expected a name that is set; $${ stands for ${, and single quotes take a value as it is'
    return {
      kind: 'faulty',
      fault: { subject: lookup.name, source: lookup.source, problem: result.problem, hint },
    }
  }
  const { text, from } = result
  const source = from.length === 0 ? lookup.source : `${lookup.source}, with ${from.join(', ')}`
  return checkNonEmpty({ ...lookup, text, source })
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
