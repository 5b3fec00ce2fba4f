import { resolve } from 'node:path'
import { isDuration } from './duration.js'
import { isFile } from './files.js'
import { ignoreProblem } from './ignore.js'
import { type ConfigValues, type KeyId, keyIds, keyOf } from './keys.js'
import type { Setting } from './lookup.js'
import type { ConfigFault, ConfigResult } from './problem.js'
import { databaseUrlProblem, isHttpUrl, maskCredentials } from './url.js'
import { isServerHost, isTarget, tlsModes, type ValueSchema } from './value-types.js'

export type Settings = ReadonlyMap<KeyId, Setting>

/** For each format that a schema names: whether a text has it. */
type Formats = Readonly<Record<string, (text: string) => boolean>>

/** The JSON schema of the whole configuration, from which the service registers its values with @fastify/env. */
export const configSchema = {
  type: 'object',
  properties: Object.fromEntries(keyIds.map((id) => [id, keyOf(id).schema])),
} as const

/** The formats of `configSchema`. Relative paths start at `root`. */
export function configFormats(root: string): Formats {
  return {
    target: isTarget,
    duration: isDuration,
    'server-host': isServerHost,
    'ignore-rules': (text) => ignoreProblem(text) === undefined,
    'http-url': isHttpUrl,
    'database-url': (text) => databaseUrlProblem(text) === undefined,
    certificates: (text) => tlsModes.has(text) || isFile(resolve(root, text)),
  }
}

/** The settings as typed values, or a fault for each that its schema does not allow. */
export function validateSettings(settings: Settings, root: string): ConfigResult<ConfigValues> {
  const formats = configFormats(root)
  const values = Object.fromEntries(
    [...settings].map(([id, { text }]) => [id, parseValue(text, keyOf(id).schema, formats)]),
  )
  if (areComplete(values, settings)) return { kind: 'valid', value: values }
  const malformed = [...settings].filter(([id]) => values[id] === undefined)
  return { kind: 'faulty', faults: malformed.map(([id, setting]) => malformedFault(id, setting)) }
}

/**
 * What Ajv makes of the text with coercion of types; undefined where it is not valid. A start does not load Ajv for four
 * keywords: that takes longer than all the rest of the configuration.
 */
function parseValue(text: string, schema: ValueSchema, formats: Formats): string | number | undefined {
  if (schema.type === 'integer') {
    const number = Number(text)
    return Number.isInteger(number) && number >= schema.minimum && number <= schema.maximum
      ? number
      : undefined
  }
  const isAllowed =
    'enum' in schema
      ? schema.enum.includes(text)
      : (schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(text)) &&
        (schema.format === undefined || formats[schema.format]?.(text) === true)
  return isAllowed ? text : undefined
}

/** Whether every setting is valid, and every key with a default is set. */
function areComplete(
  values: Readonly<Record<string, string | number | undefined>>,
  settings: Settings,
): values is ConfigValues {
  return keyIds.every((id) => values[id] !== undefined || (keyOf(id).default === null && !settings.has(id)))
}

function malformedFault(id: KeyId, { name, text, source }: Setting): ConfigFault {
  const { expected, problem, mask = maskCredentials } = keyOf(id)
  return {
    subject: name,
    source,
    problem: problem?.(text) ?? `is ${quoteShortened(mask(text))}`,
    hint: `expected ${expected}`,
  }
}

/** The first 100 characters are enough to recognise a value. */
function quoteShortened(text: string): string {
  return text.length > 100
    ? `${JSON.stringify(text.slice(0, 100))}… (${text.length} characters)`
    : JSON.stringify(text)
}
