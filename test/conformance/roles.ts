import pg from 'pg'
import { query } from '../support/database.js'
import type { Case } from './cases.js'

/** Roles belong to the whole server: those the cases name are created once and stay. */
export async function createRoles(server: string, cases: readonly Case[]): Promise<void> {
  for (const role of new Set(cases.flatMap(({ roles }) => roles)))
    await query(server, `create role ${pg.escapeIdentifier(role)} nologin`).catch(unlessExists)
}

/** A role that the SQL of a case creates itself. */
interface OwnRole {
  /** As it is written. */
  readonly name: string
  readonly create: string
}

const creation = /\bcreate\s+(?:role|user|group)\s+(?!mapping\b)("(?:[^"]|"")+"|\w+)[^;]*/gi

/** The roles that a case creates in one or the other of its databases, and needs in both. */
export function ownRoles({ setup, a, b }: Case): readonly OwnRole[] {
  const text = [setup ?? '', a, b].join(';\n').replaceAll(/--[^\n]*/g, '')
  return [...text.matchAll(creation)].map(([create, name = '']) => ({ name, create }))
}

/** Undoes, in a transaction that will be rolled back, what an earlier run has left on the server. */
export async function dropRoles(client: pg.Client, roles: readonly OwnRole[]): Promise<void> {
  for (const { name } of roles) await attempted(client, `drop role if exists ${name}`)
}

/** Creates those that are not there yet. In a transaction. */
export async function completeRoles(client: pg.Client, roles: readonly OwnRole[]): Promise<void> {
  for (const { create } of roles) await attempted(client, create)
}

/** The names of all roles of a server. */
export async function roleNames(server: string): Promise<readonly string[]> {
  const rows = await query(server, 'select rolname as name from pg_roles')
  return rows.map(({ name }) => String(name))
}

/** A role that is there, or that something depends on, stays. */
async function attempted(client: pg.Client, statement: string): Promise<void> {
  await client.query('savepoint conformance_role')
  try {
    await client.query(statement)
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error
    await client.query('rollback to savepoint conformance_role')
  }
}

function unlessExists(error: unknown): void {
  if (!(error instanceof pg.DatabaseError && error.code === '42710')) throw error
}
