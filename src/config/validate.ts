import { resolve } from 'node:path'
import { envSchema } from 'env-schema'
import { isDuration } from './duration.js'
import { isFile } from './files.js'
import { ignoreProblem } from './ignore.js'
import { keyIds, keyOf, type KeyId, type ConfigValues } from './keys.js'
import type { Setting } from './lookup.js'
import type { ConfigFault, ConfigResult } from './problem.js'
import { databaseUrlProblem, isHttpUrl, maskCredentials } from './url.js'
import { isServerHost, isTarget, tlsModes } from './value-types.js'

export type Settings = ReadonlyMap<KeyId, Setting>

/** The settings as typed values, or a fault for each that is not of its form. */
export function validateSettings(settings: Settings, root: string): ConfigResult<ConfigValues> {
  try {
    return { kind: 'sound', value: coerceSettings(settings, root) }
  } catch (error) {
    if (!isValidationError(error)) throw error
    const invalid = new Set(error.errors.map(({ instancePath }) => instancePath.slice(1)))
    const faults = [...settings]
      .filter(([id]) => invalid.has(id))
      .map(([id, setting]) => malformedFault(id, setting))
    return { kind: 'faulty', faults }
  }
}

/** env-schema changes what it is given, so all of it is made anew each time. */
function coerceSettings(settings: Settings, root: string): ConfigValues {
  return envSchema<ConfigValues>({
    schema: {
      type: 'object',
      properties: Object.fromEntries(keyIds.map((id) => [id, structuredClone(keyOf(id).schema)])),
    },
    data: Object.fromEntries([...settings].map(([id, { text }]) => [id, text])),
    env: false,
    dotenv: false,
    ajv: {
      customOptions: (ajv) =>
        Object.entries(valueFormats(root)).reduce(
          (all, [name, isRight]) => all.addFormat(name, isRight),
          ajv,
        ),
    },
  })
}

function valueFormats(root: string): Readonly<Record<string, (text: string) => boolean>> {
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

function malformedFault(id: KeyId, { name, text, source }: Setting): ConfigFault {
  const { expected, problem, mask = maskCredentials, secret } = keyOf(id)
  const blunt = secret ? 'is not of its form' : `is ${quoteShortened(mask(text))}`
  return { subject: name, source, problem: problem?.(text) ?? blunt, hint: `expected ${expected}` }
}

/** What is far too long is not all of it needed to recognise it. */
function quoteShortened(text: string): string {
  return text.length > 100
    ? `${JSON.stringify(text.slice(0, 100))}… (${text.length} characters)`
    : JSON.stringify(text)
}

function isValidationError(error: unknown): error is Error & { errors: readonly { instancePath: string }[] } {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors)
}
