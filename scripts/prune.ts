import { readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import ts from 'typescript'
import { descendants, importedBy } from '../test/architecture/syntax.js'

// Leaves in dist what users of the package can reach: the library, its declarations and the command line, with source maps.
const reached = new Set(
  ['index.js', 'index.d.ts', 'migrations.js', 'migrations.cjs', 'migrations/index.d.ts', 'cli/main.js'].map(
    (entry) => resolve('dist', entry),
  ),
)

// A set also yields what is added to it on the way.
for (const file of reached) {
  const source = ts.createSourceFile(file, await readFile(file, 'utf8'), ts.ScriptTarget.Latest)
  for (const name of descendants(source).flatMap(importedBy))
    if (name.startsWith('.')) reached.add(resolveImport(file, name))
}

for (const entry of await readdir('dist', { recursive: true, withFileTypes: true })) {
  const file = resolve(entry.parentPath, entry.name)
  if (entry.isFile() && !reached.has(file.replace(/\.map$/, ''))) await rm(file)
}

/** The file of the same kind: JavaScript imports JavaScript, declarations import declarations. */
function resolveImport(from: string, name: string): string {
  const file = join(from, '..', name)
  return from.endsWith('.d.ts') ? file.replace(/\.js$/, '.d.ts') : file
}
