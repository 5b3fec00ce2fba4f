import { createRequire } from 'node:module'
import { dirname, extname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isRecord } from '../core/text/is-record.js'
import type { ErrorChoice } from '../errors/schema-error.js'
import { isModulePackage } from './project-package.js'
import { resolvePackage } from './project-package.js'
import { withoutTypeAdvice } from './type-advice.js'

const typeScriptExtensions = new Set(['.ts', '.mts', '.cts'])

/** Whether this process runs from TypeScript: with tsx in a checkout, with tap in the tests. */
export const runsTypeScript = import.meta.url.endsWith('.ts')

type Exports = Readonly<Record<string, unknown>>

/**
 * Loads a file of the project as Knex does, and returns its exports, those of CommonJS as `default`: ES modules by `import`,
 * and the files of a package without `"type": "module"` by `require`, whose hooks the knexfile may have set. TypeScript needs
 * tsx, a hook, or Node 22.18 and newer, which can strip types.
 */
export async function importModule(path: string): Promise<Exports> {
  if (typeScriptExtensions.has(extname(path)) && !runsTypeScript) await registerTsxOnce(path)
  return withoutTypeAdvice(() => (isRequired(path) ? requireFirst(path) : importFile(path)))
}

function isRequired(path: string): boolean {
  const extension = extname(path)
  if (extension === '.mjs' || extension === '.mts') return false
  if (extension === '.cjs' || isModulePackage(dirname(path))) return extension === '.cjs'
  return extension === '.js' || hasRequireHook(path)
}

/** Without one `require` takes every file for JavaScript. */
function hasRequireHook(path: string): boolean {
  return Object.hasOwn(createRequire(path).extensions, extname(path))
}

/** What turns out to be an ES module is imported. */
async function requireFirst(path: string): Promise<Exports> {
  try {
    const exports: unknown = createRequire(path)(path)
    return { default: exports }
  } catch (error) {
    if (!mayBeModule(error)) throw error
    return importFile(path)
  }
}

function mayBeModule(error: unknown): boolean {
  return error instanceof SyntaxError || /^ERR_REQUIRE_(?:ESM|ASYNC_MODULE)$/.test(codeOf(error))
}

async function importFile(path: string): Promise<Exports> {
  const exports: unknown = await import(pathToFileURL(path).href)
  return isRecord(exports) ? exports : {}
}

/** What helps where a file of the project could not be loaded; `unlessLoaded` is what helps where nothing loads TypeScript. */
export function loadFailureChoices(
  path: string,
  cause: unknown,
  unlessLoaded: readonly ErrorChoice[] = [],
): readonly ErrorChoice[] {
  const code = codeOf(cause)
  if (/^(?:ERR_)?MODULE_NOT_FOUND$/.test(code))
    return [
      ['npm install', 'installs the modules that it imports'],
      [useTsx, 'resolves path aliases and imports without extension, as tsx does'],
    ]
  const isUnread = cause instanceof SyntaxError || typeScriptCodes.has(code)
  if (!isUnread)
    return [['correct the file', 'it threw an error; it may need a setting or an environment variable']]
  const install = findTsx(path) === null ? [installTsx] : []
  if (!typeScriptExtensions.has(extname(path))) return [correctSyntax, ...install, loadWithTsx]
  return install.length === 0 ? [correctSyntax] : [...install, ...unlessLoaded]
}

const typeScriptCodes: ReadonlySet<string> = new Set([
  'ERR_UNKNOWN_FILE_EXTENSION',
  'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX',
  'ERR_INVALID_TYPESCRIPT_SYNTAX',
])

const useTsx = `NODE_OPTIONS='--import tsx'`
const installTsx: ErrorChoice = ['npm install --save-dev tsx', 'loads files in TypeScript']
const correctSyntax: ErrorChoice = ['correct the file', 'if what is not understood is not meant']
const loadWithTsx: ErrorChoice = [
  useTsx,
  'loads it as tsx does, which takes ES modules and CommonJS in one file',
]

let tsxRegistration: Promise<void> | undefined

function registerTsxOnce(path: string): Promise<void> {
  tsxRegistration ??= registerTsx(path)
  return tsxRegistration
}

/** The project's own, else that beside schemagate; the hooks for `require` before those for `import`. */
async function registerTsx(path: string): Promise<void> {
  for (const api of ['tsx/cjs/api', 'tsx/esm/api']) {
    const file = findTsx(path, api)
    if (file === null) return
    // Its CommonJS build of the hooks for `import` looks for its files in the wrong place.
    const { register } = await importFile(file.replace(/\.cjs$/, '.mjs'))
    if (typeof register === 'function') Reflect.apply(register, null, [])
  }
}

function findTsx(path: string, api = 'tsx/esm/api'): string | null {
  return resolvePackage(api, [dirname(path), import.meta.dirname])
}

function codeOf(error: unknown): string {
  return isRecord(error) ? String(error['code']) : ''
}
