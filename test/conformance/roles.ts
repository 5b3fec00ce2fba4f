import pg from 'pg'
import { query } from '../support/database.js'
import type { Case } from './cases.js'

/** Creates the roles that cases name. Roles belong to the whole server, so they are created once and stay. */
export async function createRoles(server: string, cases: readonly Case[]): Promise<void> {
  for (const role of new Set(cases.flatMap(({ roles }) => roles)))
    await query(server, `create role ${pg.escapeIdentifier(role)} nologin`).catch(ignoreDuplicate)
}

/** A role that the SQL of a case creates. */
interface OwnRole {
  /** As in the SQL of the case. */
  readonly name: string
  readonly create: string
}

const createRolePattern = /\bcreate\s+(?:role|user|group)\s+(?!mapping\b)("(?:[^"]|"")+"|\w+)[^;]*/gi

/** The roles that either side of a case creates. Both sides need them. */
export function ownRoles({ setup, a, b }: Case): readonly OwnRole[] {
  const sql = [setup ?? '', a, b].join(';\n').replaceAll(/--[^\n]*/g, '')
  return [...sql.matchAll(createRolePattern)].map(([create, name = '']) => ({ name, create }))
}

/** Drops roles that an earlier run left on the server. In a transaction that the caller rolls back. */
export async function dropRoles(client: pg.Client, roles: readonly OwnRole[]): Promise<void> {
  for (const { name } of roles) await tryStatement(client, `drop role if exists ${name}`)
}

/** Creates the roles that do not exist. In a transaction of the caller. */
export async function createMissingRoles(client: pg.Client, roles: readonly OwnRole[]): Promise<void> {
  for (const { create } of roles) await tryStatement(client, create)
}

/** The names of all roles of a server. */
export async function roleNames(server: string): Promise<readonly string[]> {
  const rows = await query(server, 'select rolname as name from pg_roles')
  return rows.map(({ name }) => String(name))
}

/** Ignores an error: a role may exist already, or other objects may depend on it. */
async function tryStatement(client: pg.Client, statement: string): Promise<void> {
  await client.query('savepoint conformance_role')
  try {
    await client.query(statement)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    await client.query('rollback to savepoint conformance_role')
  }
}

/** SQLSTATE duplicate_object. */
function ignoreDuplicate(error: unknown): void {
  if (!(error instanceof pg.DatabaseError && error.code === '42710')) throw error
}
