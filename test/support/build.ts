import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'

const root = resolve(import.meta.dirname, '../..')
// In the project, where the packages are found.
const place = join(root, '.schemagate')

/**
 * The project as JavaScript, for the processes that tests start: compiling in each of them would be half of what a start
 * costs. Made once from the source, for all test files. Returns the folder that has `dist` as `npm run build` makes it.
 */
export async function buildOnce(): Promise<string> {
  const hash = createHash('sha256')
    .update(JSON.stringify([...(await readSources('src')), ...(await readSources('scripts'))]))
    .digest('hex')
    .slice(0, 12)
  const folder = join(place, `build-${hash}`)
  if (!existsSync(folder)) await build(folder)
  return folder
}

/** Removes what was made from other sources than these. */
export async function removeOldBuilds(): Promise<void> {
  const current = await buildOnce()
  const builds = (await readdir(place)).filter((name) => name.startsWith('build-'))
  const old = builds.map((name) => join(place, name)).filter((folder) => folder !== current)
  await Promise.all(old.map((folder) => rm(folder, { recursive: true, force: true })))
}

/** Compiles the TypeScript of one of the project's folders, file by file and without checking types. */
export async function compileFolder(from: string, to: string): Promise<void> {
  await compile(await readSources(from), to)
}

/** The TypeScript files below a folder of the project: their text by their path there. */
async function readSources(folder: string): Promise<ReadonlyMap<string, string>> {
  const files = await readdir(join(root, folder), { recursive: true })
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts')).toSorted()
  return new Map(
    await Promise.all(
      sources.map(async (file) => [file, await readFile(join(root, folder, file), 'utf8')] as const),
    ),
  )
}

/** Appears whole under its name: test files that start at the same time make it at the same time. */
async function build(folder: string): Promise<void> {
  await mkdir(place, { recursive: true })
  const draft = await mkdtemp(join(place, 'draft-'))
  await cp(join(root, 'package.json'), join(draft, 'package.json'))
  const words = ['--import', 'tsx', 'scripts/build.ts', join(draft, 'dist')]
  await promisify(execFile)(process.execPath, words, { cwd: root })
  await rename(draft, folder).catch(async (error: unknown) => {
    if (!existsSync(folder)) throw error
    await rm(draft, { recursive: true })
  })
}

async function compile(sources: ReadonlyMap<string, string>, folder: string): Promise<void> {
  const { default: ts } = await import('typescript')
  const compilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    verbatimModuleSyntax: true,
  }
  for (const [file, source] of sources) {
    const target = join(folder, file.replace(/\.ts$/, '.js'))
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, ts.transpileModule(source, { compilerOptions }).outputText)
  }
}
