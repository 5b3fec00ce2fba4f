import { copyFile, cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { canonicalSessionStatements } from '../../src/postgres/introspect/queries/catalog-queries.js'
import { createCatalogReader } from '../../src/postgres/introspect/read-catalog.js'
import type { Owner } from './database.js'
import { finish } from './node-process.js'

const root = resolve(import.meta.dirname, '../..')

/** The project built to JavaScript and laid out as the image has it, in a temporary folder, with the contenders beside it. */
export interface Build {
  /** In it `migrations`, and the same ones as `other`. */
  readonly folder: string
  /** The text of the catalog queries. */
  readonly queries: string
}

export async function build(owner: Owner): Promise<Build> {
  const folder = await mkdtemp(join(tmpdir(), 'schemagate-bench-'))
  owner.teardown(() => rm(folder, { recursive: true, force: true }))
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings(folder)))
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  await finish([compiler, '-p', folder], { cwd: root, env: {} })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await copyFile(join(root, 'package.json'), join(folder, 'package.json'))
  const snapshot = 'migrations/schema.snapshot.json'
  await copyFile(join(root, snapshot), join(folder, snapshot))
  await cp(join(folder, 'migrations'), join(folder, 'other'), { recursive: true })
  const queries = join(folder, 'queries.sql')
  await writeFile(queries, messageOf(createCatalogReader({}).queries))
  return { folder, queries }
}

/** Catalog queries as one message, in one read-only snapshot. */
export function messageOf(queries: readonly string[]): string {
  return [
    'begin transaction isolation level repeatable read read only',
    canonicalSessionStatements(),
    ...queries,
    'commit',
  ].join(';\n')
}

function settings(outDir: string): object {
  return {
    extends: join(root, 'tsconfig.build.json'),
    compilerOptions: {
      outDir,
      rootDir: root,
      declaration: false,
      sourceMap: false,
      typeRoots: [join(root, 'node_modules/@types')],
    },
    include: ['src', 'migrations', 'bench/contenders'].map((path) => join(root, path)),
  }
}
