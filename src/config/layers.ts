import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { readTextFile } from './files.js'
import { isConfigKey, acceptsList } from './keys.js'
import type { ConfigFault } from './problem.js'

/** One source of settings, as texts by name. Holds names that are not keys too. */
export interface Layer {
  readonly source: string
  readonly values: Readonly<Record<string, string>>
  readonly faults: readonly ConfigFault[]
  /** Names whose values may have references such as `${DB_USER}`. */
  readonly expanded?: ReadonlySet<string>
}

export const commandLine = 'command line'
export const processEnvironment = 'process environment'

/** A layer of settings that need no reading, such as the process environment. */
export function layerOf(source: string, settings: Readonly<Record<string, string | undefined>>): Layer {
  return layerOfEntries(source, Object.entries(settings))
}

/** A JSON file with flat keys. A file that does not exist is an empty layer. */
export function jsonLayer(root: string, source: string): Layer {
  const file = readTextFile(join(root, source))
  switch (file.kind) {
    case 'missing':
      return layerOfEntries(source, [])
    case 'unreadable':
      return faultyLayer(source, unreadableFault(source, file.code))
    case 'text':
      return parseJsonLayer(source, file.text)
  }
}

/** A dotenv file, in which only values in single quotes have no references. A file that does not exist is an empty layer. */
export function dotenvLayer(root: string, source: string): Layer {
  const file = readTextFile(join(root, source))
  if (file.kind === 'unreadable') return faultyLayer(source, unreadableFault(source, file.code))
  const text = file.kind === 'text' ? file.text : ''
  const layer = layerOf(source, parseEnv(text))
  const literal = new Set([...text.matchAll(/^\s*(?:export\s+)?([\w.-]+)\s*=\s*'/gm)].map(([, name]) => name))
  return { ...layer, expanded: new Set(Object.keys(layer.values).filter((name) => !literal.has(name))) }
}

/** The layer reduced to these names. */
export function pickSettings({ source, values, faults }: Layer, names: readonly string[]): Layer {
  const picked = Object.entries(values).filter(([name]) => names.includes(name))
  return { source, values: Object.fromEntries(picked), faults }
}

function parseJsonLayer(source: string, text: string): Layer {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return layerOfEntries(source, Object.entries(parsed))
    return faultyLayer(source, { ...flatKeysFault(source), problem: 'does not hold a JSON object' })
  } catch (error) {
    const { message } = error instanceof Error ? error : { message: String(error) }
    return faultyLayer(source, {
      ...flatKeysFault(source),
      problem: `is not valid JSON: ${stripExcerpt(message)}`,
    })
  }
}

function layerOfEntries(source: string, entries: readonly (readonly [string, unknown])[]): Layer {
  const set = entries.filter(([, value]) => value !== undefined)
  const unusable = set.filter(([name, value]) => settingText(name, value) === undefined && isConfigKey(name))
  return {
    source,
    values: Object.fromEntries(
      set.flatMap(([name, value]) => {
        const text = settingText(name, value)
        return text === undefined ? [] : [[name, text] as const]
      }),
    ),
    faults: unusable.map(([name]) => ({
      ...flatKeysFault(name),
      source,
      problem: 'does not hold a single value',
    })),
  }
}

function faultyLayer(source: string, fault: ConfigFault): Layer {
  return { source, values: {}, faults: [fault] }
}

function flatKeysFault(subject: string) {
  return {
    subject,
    source: null,
    hint: 'expected flat keys with strings, numbers or booleans: { "LOG_LEVEL": "info" }',
  }
}

function unreadableFault(source: string, code: string): ConfigFault {
  return {
    subject: source,
    source: null,
    problem: `cannot be read: ${code}`,
    hint: 'expected a file that this process may read, or none',
  }
}

function settingText(name: string, value: unknown): string | undefined {
  if (['string', 'number', 'boolean'].includes(typeof value)) return String(value)
  return Array.isArray(value) && acceptsList(name) ? JSON.stringify(value) : undefined
}

/** Without the excerpt that JSON.parse quotes: it can hold a password. */
function stripExcerpt(message: string): string {
  return message.replace(/, (\.\.\.)?".*"(\.\.\.)? is not valid JSON$/s, '')
}
