import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { readText } from './files.js'
import { isOurs, takesList } from './keys.js'
import type { Fault } from './problem.js'

/** One source of settings, as texts by name. Names that are not ours are in it too. */
export interface Layer {
  readonly source: string
  readonly values: Readonly<Record<string, string>>
  readonly faults: readonly Fault[]
}

export const commandLine = 'command line'
export const processEnvironment = 'process environment'

/** A layer of settings that are at hand, such as the process environment. */
export function layerOf(source: string, settings: Readonly<Record<string, string | undefined>>): Layer {
  return layerOfEntries(source, Object.entries(settings))
}

/** A JSON file with flat keys. A file that does not exist is an empty layer. */
export function jsonLayer(root: string, source: string): Layer {
  const file = readText(join(root, source))
  switch (file.kind) {
    case 'missing':
      return layerOfEntries(source, [])
    case 'unreadable':
      return faultyLayer(source, unreadable(source, file.code))
    case 'text':
      return parsedLayer(source, file.text)
  }
}

/** A dotenv file. A file that does not exist is an empty layer. */
export function dotenvLayer(root: string, source: string): Layer {
  const file = readText(join(root, source))
  if (file.kind === 'unreadable') return faultyLayer(source, unreadable(source, file.code))
  return layerOf(source, file.kind === 'text' ? parseEnv(file.text) : {})
}

/** The layer with some of its names only. */
export function pick({ source, values, faults }: Layer, names: readonly string[]): Layer {
  const picked = Object.entries(values).filter(([name]) => names.includes(name))
  return { source, values: Object.fromEntries(picked), faults }
}

function parsedLayer(source: string, text: string): Layer {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return layerOfEntries(source, Object.entries(parsed))
    return faultyLayer(source, { ...notJson(source), problem: 'holds no JSON object' })
  } catch (error) {
    const { message } = error instanceof Error ? error : { message: String(error) }
    return faultyLayer(source, { ...notJson(source), problem: `is no JSON: ${withoutExcerpt(message)}` })
  }
}

function layerOfEntries(source: string, entries: readonly (readonly [string, unknown])[]): Layer {
  const set = entries.filter(([, value]) => value !== undefined)
  const odd = set.filter(([name, value]) => textOf(name, value) === undefined && isOurs(name))
  return {
    source,
    values: Object.fromEntries(
      set.flatMap(([name, value]) => {
        const text = textOf(name, value)
        return text === undefined ? [] : [[name, text] as const]
      }),
    ),
    faults: odd.map(([name]) => ({ ...notJson(name), source, problem: 'holds no single value' })),
  }
}

function faultyLayer(source: string, fault: Fault): Layer {
  return { source, values: {}, faults: [fault] }
}

function notJson(subject: string): Omit<Fault, 'problem'> {
  return {
    subject,
    source: null,
    hint: 'expected flat keys with strings, numbers or booleans: { "LOG_LEVEL": "info" }',
  }
}

function unreadable(source: string, code: string): Fault {
  return {
    subject: source,
    source: null,
    problem: `cannot be read: ${code}`,
    hint: 'expected a file that this process may read, or none',
  }
}

function textOf(name: string, value: unknown): string | undefined {
  if (['string', 'number', 'boolean'].includes(typeof value)) return String(value)
  return Array.isArray(value) && takesList(name) ? JSON.stringify(value) : undefined
}

/** The parser quotes what stands around a fault, and that can be a password. */
function withoutExcerpt(message: string): string {
  return message.replace(/, (\.\.\.)?".*"(\.\.\.)? is not valid JSON$/s, '')
}
