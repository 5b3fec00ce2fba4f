// `npm start`: the service from dist, else from its source where the development dependencies are installed.
import { existsSync, readdirSync, statSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'

const built = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const source = fileURLToPath(new URL('../src', import.meta.url))

process.argv.splice(2, 0, 'serve')
if (existsSync(built)) {
  if (isOutdated()) process.stderr.write('dist is older than src: `npm run build` makes it again\n')
  await import(pathToFileURL(built).href)
} else if (await registerTypeScript()) await import('../src/main.js')
else refuse()

function isOutdated() {
  if (!existsSync(source)) return false
  const files = readdirSync(source, { recursive: true }).map((name) => statSync(`${source}/${String(name)}`))
  return files.some(({ mtimeMs }) => mtimeMs > statSync(built).mtimeMs)
}

/** Whether the source can run: `npm ci --omit=dev` leaves tsx out. */
async function registerTypeScript() {
  try {
    const { register } = await import('tsx/esm/api')
    register()
    return existsSync(source)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return false
    throw error
  }
}

function refuse() {
  process.stderr
    .write(`The service cannot be started: ${built} does not exist, and tsx, which runs the source, is not installed.

Do one of:
  npm ci && npm run build && npm ci --omit=dev   builds it, and removes what only the build needs
  npm ci && npm start                            runs the source
`)
  process.exitCode = 2
}
