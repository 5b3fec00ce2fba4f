import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const folder = fileURLToPath(new URL('peers', import.meta.url))
const options = [
  '--no-audit',
  '--no-fund',
  '--no-package-lock',
  '--ignore-scripts',
  '--loglevel=error',
  '--fetch-retries=1',
  '--fetch-retry-mintimeout=1000',
]

/** Installs the peers in their folder, unless they are there. Returns why that was not possible, else null. */
export async function installPeers(): Promise<string | null> {
  if (await areInstalled()) return null
  console.error('Installing the peers in bench/peers …')
  try {
    await promisify(execFile)('npm', ['install', ...options], { cwd: folder })
    return null
  } catch (error) {
    return `npm could not install the peers in bench/peers: ${reasonOf(error)}`
  }
}

async function areInstalled(): Promise<boolean> {
  const { dependencies } = await readPackage(folder)
  for (const [name, version] of Object.entries(dependencies ?? {})) {
    const installed = await readPackage(join(folder, 'node_modules', name)).catch(isMissing)
    if (installed?.version !== version) return false
  }
  return true
}

interface Package {
  readonly version?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

async function readPackage(path: string): Promise<Package> {
  return JSON.parse(await readFile(join(path, 'package.json'), 'utf8'))
}

function isMissing(error: unknown): null {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
  throw error
}

/** The first sentence of what npm wrote: codes are before it, a stack after it. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error)
  const lines = text.split('\n').map((line) => line.replace(/^npm (error|ERR!) ?/, ''))
  return (
    lines.find((line) => line.includes(' ') && !/^(code|syscall|errno|path|dest) /.test(line)) ??
    String(error)
  )
}
