import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { knex } from 'knex'
import { isRecord } from '../core/text/is-record.js'
import { SchemaError } from '../errors/schema-error.js'
import { findPackageFile, resolvePackage } from './project-package.js'

/** The Knex that runs the migrations of a project, and the driver that it loads. */
export interface KnexPackage {
  readonly version: string
  readonly folder: string
  /** The version of its pg; null where it finds none. */
  readonly pg: string | null
  /** Whether it is the one that schemagate brings. */
  readonly bundled: boolean
}

/** From where a project finds its packages. */
interface PackageUser {
  readonly knexfile: string | null
  readonly directories: readonly string[]
}

/** What makes a Knex instance. */
type CreateKnex = typeof knex

/** The promises of older ones lose track of the code that sends a statement. */
const oldestVersion = '0.21'

/** Older ones do not know the hooks of migrations. */
const oldestWithHooks = '3.2'

/** Finds the project's own Knex, as its knexfile and its migrations find it; else that of schemagate. Loads nothing. */
export function findKnex({ knexfile, directories }: PackageUser): KnexPackage {
  const own = knexfile === null ? [] : [dirname(knexfile)]
  const file = resolvePackage('knex/package.json', [...own, ...directories, import.meta.dirname])
  if (file === null) throw new Error('the package knex is not installed')
  const folder = dirname(file)
  const pg = findPackageFile('pg', folder)
  const bundled = file === resolvePackage('knex/package.json', [import.meta.dirname])
  return { version: versionIn(file), folder, pg: pg === null ? null : versionIn(pg), bundled }
}

/** Loads that Knex: a migration gets the return values of the version that it was written for. Throws SCHEMA_KNEX_UNSUPPORTED. */
export function loadKnex(project: PackageUser): CreateKnex {
  const found = findKnex(project)
  if (isOlder(found.version, oldestVersion)) throw tooOldError(found)
  const createKnex: unknown = createRequire(join(found.folder, 'package.json'))(found.folder)
  if (!isCreateKnex(createKnex)) throw new TypeError(`${found.folder} exports no function`)
  return createKnex
}

function isCreateKnex(value: unknown): value is CreateKnex {
  return typeof value === 'function'
}

function versionIn(packageFile: string): string {
  const content: unknown = JSON.parse(readFileSync(packageFile, 'utf8'))
  return isRecord(content) ? String(content['version']) : ''
}

/** Whether the project's Knex runs the hooks of its knexfile. */
export function runsHooks(project: PackageUser): boolean {
  return !isOlder(findKnex(project).version, oldestWithHooks)
}

function isOlder(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) < 0
}

function tooOldError({ version, folder }: KnexPackage): SchemaError {
  return new SchemaError('SCHEMA_KNEX_UNSUPPORTED', {
    what: `The project has Knex ${version}, and schemagate runs migrations with Knex ${oldestVersion} and newer. Nothing was done.`,
    facts: [['knex', folder]],
    choices: [[`npm install knex@${oldestVersion}`, 'returns from queries what older ones return']],
  })
}
