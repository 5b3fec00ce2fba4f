import { extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isRecord } from '../core/text/is-record.js'
import type { ErrorChoice } from '../errors/schema-error.js'

const typeScriptExtensions = new Set(['.ts', '.mts', '.cts'])

/** Whether this process runs from TypeScript: with tsx in a checkout, with tap in the tests. */
export const runsTypeScript = import.meta.url.endsWith('.ts')

/**
 * Imports a file of the project, an ES module, CommonJS or TypeScript, and returns its exports. TypeScript needs tsx, or
 * Node 22.18 and newer, which can strip types.
 */
export async function importModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  if (typeScriptExtensions.has(extname(path)) && !runsTypeScript) await registerTsxOnce()
  const exports: unknown = await import(pathToFileURL(path).href)
  return isRecord(exports) ? exports : {}
}

/** What helps where a file of the project could not be imported; `unlessLoaded` is what helps where nothing loads TypeScript. */
export function loadFailureChoices(
  path: string,
  cause: unknown,
  unlessLoaded: readonly ErrorChoice[] = [],
): readonly ErrorChoice[] {
  const code = isRecord(cause) ? String(cause['code']) : ''
  if (/^(?:ERR_)?MODULE_NOT_FOUND$/.test(code))
    return [
      ['npm install', 'installs the modules that it imports'],
      [`NODE_OPTIONS='--import tsx'`, 'resolves path aliases and imports without extension, as tsx does'],
    ]
  const missing = missingLoaderChoices(path, cause)
  if (missing.length > 0) return [...missing, ...unlessLoaded]
  return [['correct the file', 'it threw an error; it may need a setting or an environment variable']]
}

/** What helps where a TypeScript file could not be loaded because nothing here strips its types; else nothing. */
function missingLoaderChoices(path: string, cause: unknown): readonly ErrorChoice[] {
  const isUnknown =
    cause instanceof SyntaxError || (isRecord(cause) && cause['code'] === 'ERR_UNKNOWN_FILE_EXTENSION')
  return typeScriptExtensions.has(extname(path)) && isUnknown
    ? [['npm install --save-dev tsx', 'loads files in TypeScript']]
    : []
}

let tsxRegistration: Promise<void> | undefined

function registerTsxOnce(): Promise<void> {
  tsxRegistration ??= registerTsx()
  return tsxRegistration
}

async function registerTsx(): Promise<void> {
  try {
    const [esm, cjs] = await Promise.all([import('tsx/esm/api'), import('tsx/cjs/api')])
    cjs.register()
    esm.register()
  } catch (error) {
    if (!isMissingPackage(error)) throw error
  }
}

function isMissingPackage(error: unknown): boolean {
  return isRecord(error) && error['code'] === 'ERR_MODULE_NOT_FOUND'
}
