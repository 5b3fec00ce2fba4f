import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { transformSync } from 'rolldown/utils'

const root = new URL('../../', import.meta.url).href

/** Of this project, with what tests make for themselves; not of packages. */
const isOwnTypeScript = (/** @type {string} */ url) =>
  url.startsWith(root) && /^(?!node_modules\/).*\.ts$/.test(url.slice(root.length))

/**
 * A TypeScript file imports another one by the name of its JavaScript.
 *
 * @type {import('node:module').ResolveHook}
 */
export async function resolve(specifier, context, nextResolve) {
  const { parentURL = '' } = context
  if (!isOwnTypeScript(parentURL) || !/^\.{1,2}\/.*\.js$/.test(specifier))
    return nextResolve(specifier, context)
  try {
    return await nextResolve(specifier.replace(/js$/, 'ts'), context)
  } catch {
    return nextResolve(specifier, context)
  }
}

/**
 * The next hook gets the JavaScript as if it was in the file: that of tap looks for a source map in it.
 *
 * @type {import('node:module').LoadHook}
 */
export async function load(url, context, nextLoad) {
  if (!isOwnTypeScript(url)) return nextLoad(url, context)
  const compiled = {
    ...context,
    format: /** @type {const} */ ('module'),
    source: await compile(fileURLToPath(url)),
  }
  return nextLoad(url, compiled)
}

/** Compiles a file without checking types: JavaScript with its source map. */
async function compile(/** @type {string} */ path) {
  const { code, map, errors } = transformSync(path, await readFile(path, 'utf8'), {
    sourcemap: true,
    tsconfig: false,
    typescript: { onlyRemoveTypeImports: true },
  })
  const [error] = errors
  if (error !== undefined) throw error
  const inlined = Buffer.from(JSON.stringify(map)).toString('base64')
  return `${code}\n//# sourceMappingURL=data:application/json;base64,${inlined}\n`
}
