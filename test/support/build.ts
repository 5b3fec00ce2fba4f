import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import ts from 'typescript'
import type { Owner } from './database.js'

const root = resolve(import.meta.dirname, '../..')

/**
 * The command line as JavaScript, for tests that start so many processes that compiling in each of them, half of what a
 * start costs, would be most of the test. Returns its path; it goes when the test ends.
 */
export async function buildEntry(t: Owner): Promise<string> {
  await mkdir(join(root, '.schemagate'), { recursive: true })
  // In the project, where the packages are found.
  const folder = await mkdtemp(join(root, '.schemagate/build-'))
  t.teardown(() => rm(folder, { recursive: true, force: true }))
  await cp(join(root, 'package.json'), join(folder, 'package.json'))
  await mkdir(join(folder, 'migrations'))
  const files = await readdir(join(root, 'src'), { recursive: true })
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
  await Promise.all(sources.map((file) => compile(join('src', file), folder)))
  return join(folder, 'src/cli/main.js')
}

async function compile(file: string, folder: string): Promise<void> {
  const target = join(folder, file.replace(/\.ts$/, '.js'))
  const compilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    verbatimModuleSyntax: true,
  }
  const { outputText } = ts.transpileModule(await readFile(join(root, file), 'utf8'), { compilerOptions })
  await mkdir(dirname(target), { recursive: true })
  await writeFile(target, outputText)
}
