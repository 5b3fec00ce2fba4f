import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
// In the project, where the packages are found.
const place = join(root, '.schemagate')

/**
 * The command line as JavaScript, for the processes that tests start: compiling in each of them would be half of what a
 * start costs. Made once from the source as it is, for all test files. Returns its path.
 */
export async function builtEntry(): Promise<string> {
  const sources = await readSources()
  const hash = createHash('sha256')
    .update(JSON.stringify([...sources]))
    .digest('hex')
    .slice(0, 12)
  const folder = join(place, `build-${hash}`)
  if (!existsSync(folder)) await build(sources, folder)
  return join(folder, 'src/cli/main.js')
}

/** Removes what was made from other sources than these. */
export async function removeOldBuilds(): Promise<void> {
  const current = await builtEntry()
  const builds = (await readdir(place)).filter((name) => name.startsWith('build-'))
  const old = builds.filter((name) => !current.startsWith(join(place, name)))
  await Promise.all(old.map((name) => rm(join(place, name), { recursive: true, force: true })))
}

async function readSources(): Promise<ReadonlyMap<string, string>> {
  const files = (await readdir(join(root, 'src'), { recursive: true })).map((file) => join('src', file))
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts')).toSorted()
  return new Map(
    await Promise.all(sources.map(async (file) => [file, await readFile(join(root, file), 'utf8')] as const)),
  )
}

/** Comes into being whole: test files that start at the same time make it at the same time. */
async function build(sources: ReadonlyMap<string, string>, folder: string): Promise<void> {
  await mkdir(place, { recursive: true })
  const draft = await mkdtemp(join(place, 'draft-'))
  await cp(join(root, 'package.json'), join(draft, 'package.json'))
  // By this folder the service knows its own project.
  await symlink(join(root, 'migrations'), join(draft, 'migrations'))
  const compile = await compiler()
  for (const [file, source] of sources) {
    const target = join(draft, file.replace(/\.ts$/, '.js'))
    await mkdir(dirname(target), { recursive: true })
    await writeFile(target, compile(source))
  }
  await rename(draft, folder).catch(async (error: unknown) => {
    if (!existsSync(folder)) throw error
    await rm(draft, { recursive: true })
  })
}

async function compiler(): Promise<(source: string) => string> {
  const { default: ts } = await import('typescript')
  const compilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    verbatimModuleSyntax: true,
  }
  return (source) => ts.transpileModule(source, { compilerOptions }).outputText
}
