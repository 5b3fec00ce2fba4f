import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { canonicalSessionStatements } from '../../src/postgres/introspect/canonical-session.js'
import { createCatalogReader } from '../../src/postgres/introspect/read-catalog.js'
import { buildOnce, compileFolder } from './build.js'
import type { Owner } from './database.js'

const root = resolve(import.meta.dirname, '../..')

/** The project laid out as in the image, in a temporary folder, with the contenders of the bench beside it. */
export interface Build {
  readonly folder: string
  /** The path of the text of the catalog queries. */
  readonly queries: string
}

/** The contenders are JavaScript like the migrations, so that each loads them at the same cost. */
export async function build(owner: Owner): Promise<Build> {
  const folder = await mkdtemp(join(tmpdir(), 'schemagate-bench-'))
  owner.teardown(() => rm(folder, { recursive: true, force: true }))
  await cp(await buildOnce(), folder, { recursive: true })
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await cp(join(root, 'migrations'), join(folder, 'migrations'), { recursive: true })
  await compileFolder('bench/contenders', join(folder, 'bench/contenders'))
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
