// What tap's TypeScript plugin compiles with (tsconfig.json names it). A test file loads hundreds of ours, and compiling
// them took most of its time: what was compiled once is read from a file.
const { createHash } = require('node:crypto')
const { mkdirSync, readFileSync, renameSync, writeFileSync } = require('node:fs')
const { join, relative, resolve } = require('node:path')
const ts = require('typescript')

const root = resolve(__dirname, '../..')
const cache = join(root, '.schemagate/transpiled')

/**
 * @param {{ service: { config: { options: import('typescript').CompilerOptions } }, nodeModuleEmitKind?: string }} given
 * @returns {{ transpile(source: string, file: { fileName: string }): { outputText: string, sourceMapText?: string } }}
 */
exports.create = ({ service, nodeModuleEmitKind }) => {
  const module = nodeModuleEmitKind === 'nodeesm' ? ts.ModuleKind.ESNext : ts.ModuleKind.CommonJS
  const compilerOptions = { ...service.config.options, module }
  const compiledWith = JSON.stringify([ts.version, compilerOptions])
  return {
    transpile(source, { fileName }) {
      const compile = () => ts.transpileModule(source, { fileName, compilerOptions })
      const path = relative(root, fileName)
      // Another project's, or a fixture: read once and gone.
      if (path.startsWith('.')) return compile()
      const key = createHash('sha256').update(compiledWith).update('\0').update(source).digest('hex')
      return cached(path, key, compile)
    },
  }
}

/**
 * One file for each source, which the next version of it replaces.
 * @param {string} path
 * @param {string} key
 * @param {() => import('typescript').TranspileOutput} compile
 */
function cached(path, key, compile) {
  const file = join(cache, `${path.replaceAll(/[\\/]/g, '+')}.json`)
  const found = readJson(file)
  if (found?.key === key) return found
  const { outputText, sourceMapText } = compile()
  mkdirSync(cache, { recursive: true })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, JSON.stringify({ key, outputText, sourceMapText }))
  renameSync(draft, file)
  return { outputText, sourceMapText }
}

/** @param {string} file */
function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
