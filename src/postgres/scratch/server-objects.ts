import pg from 'pg'
import { type Connection, withClient } from '../connection/connect.js'
import { queryRows } from '../connection/query.js'
import { hasSqlState, sqlState } from '../connection/sqlstate.js'
import { mayHaveWritten } from '../introspect/queries/touched-objects.sql.js'

/** What belongs to the server: a role, a tablespace, a membership, a setting of a role. */
interface ServerObject {
  /** The statements that take it away. */
  readonly undo: readonly string[]
  /** The statement that brings it back, for a setting; null for anything else. */
  readonly redo: string | null
  /** Whether initdb made it. */
  readonly isBuiltIn: boolean
}

/** By name and value, in the order in which they can be taken away. */
type ServerObjects = ReadonlyMap<string, ServerObject>

/** What a database is set to goes with it. The object identifiers of what initdb makes are below 16384. */
const serverObjectsQuery = `
  select 1 as rank, format('setting of %s: %s', role, config) as name, null as prepare,
      format('alter role %s reset %I', role, split_part(config, '=', 1)) as undo, false as built_in,
      format('select set_config(%L, %L, true); alter role %s set %I from current', split_part(config, '=', 1),
        substr(config, strpos(config, '=') + 1), role, split_part(config, '=', 1)) as redo
    from (select unnest(s.setconfig) as config, case when s.setrole = 0 then 'all' else s.setrole::regrole::text end as role
      from pg_db_role_setting s where s.setdatabase = 0) each
  union all select 2, format('membership of %s in %s', member::regrole, roleid::regrole), null,
      format('revoke %s from %s', roleid::regrole, member::regrole), greatest(roleid, member)::bigint < 16384, null
    from pg_auth_members
  union all select 3, format('tablespace %I', spcname), null, format('drop tablespace %I', spcname), oid::bigint < 16384, null
    from pg_tablespace
  union all select 4, format('role %I', rolname), format('drop owned by %I', rolname), format('drop role %I', rolname),
      oid::bigint < 16384, null from pg_roles
  order by 1, 2`

/** SQL: whether the open transaction has written where these are, or the one before it, or that is not counted. */
export const mayHaveWrittenServerObjects = mayHaveWritten([
  'pg_db_role_setting',
  'pg_auth_members',
  'pg_tablespace',
  'pg_authid',
])

/**
 * To be called with the session of a revision, after its `up` and before its commit. `written` is what its transaction was
 * asked, null for one that was not asked.
 */
export type NoteServerObjects = (
  client: pg.ClientBase,
  transactional: boolean,
  written: boolean | null,
) => Promise<void>

export interface ServerObjectOptions {
  readonly server: Connection
  /** Nobody else makes anything on the server meanwhile. */
  readonly isEmbedded: boolean
  /** Told of what could not be taken away. */
  readonly onLeft: (name: string, error: unknown) => void
}

/**
 * Runs `use`, and takes away what its revisions made outside their database. That is what the session of a revision sees and
 * another one does not see yet: others may make roles on the same server at the same time.
 */
export async function withServerObjectsRemoved<T>(
  { server, isEmbedded, onLeft }: ServerObjectOptions,
  use: (note: NoteServerObjects) => Promise<T>,
): Promise<T> {
  return withClient(server, async (observer) => {
    let known = await readServerObjects(observer)
    const made = new Map<string, ServerObject>()
    const lost = new Map<string, ServerObject>()
    const keep = (seen: ServerObjects, before: ServerObjects, after: ServerObjects): void => {
      for (const [name, object] of seen) if (!before.has(name) && !after.has(name)) made.set(name, object)
      for (const [name, object] of before)
        if (object.redo !== null && after.has(name) && !seen.has(name)) lost.set(name, object)
    }
    try {
      return await use(async (client, transactional, written) => {
        if (transactional && !(written ?? (await hasWritten(client)))) return
        if (hasSameNames(await readServerObjects(client), known)) return
        // Others commit at any time: what is only here is not there before and not after it is seen here.
        const before = transactional ? await readServerObjects(observer) : known
        const seen = await readServerObjects(client)
        if (transactional) keep(seen, before, await readServerObjects(observer))
        else if (isEmbedded) keep(seen, before, before)
        else for (const name of seen.keys()) if (!known.has(name)) onLeft(name, foreignerError)
        known = seen
      })
    } catch (error) {
      // A revision without a transaction leaves what it made before it failed.
      if (isEmbedded) keep(await readServerObjects(observer), known, known)
      throw error
    } finally {
      await takeAway(observer, made, onLeft)
      await bringBack(observer, lost, onLeft)
    }
  })
}

const foreignerError = new Error(
  'its revision runs without a transaction, so that somebody else may have made it; drop it if nobody has',
)

async function readServerObjects(client: pg.ClientBase): Promise<ServerObjects> {
  const rows = await queryRows(client, serverObjectsQuery)
  return new Map(
    rows.map(({ name, prepare, undo, redo, built_in: isBuiltIn }) => [
      String(name),
      {
        undo: [prepare, undo].filter((sql) => sql !== null).map(String),
        redo: typeof redo === 'string' ? redo : null,
        isBuiltIn: isBuiltIn === true,
      },
    ]),
  )
}

async function hasWritten(client: pg.ClientBase): Promise<boolean> {
  const [row] = await queryRows(client, `select ${mayHaveWrittenServerObjects} as written`)
  return row?.['written'] === true
}

function hasSameNames(one: ServerObjects, other: ServerObjects): boolean {
  return one.size === other.size && [...one.keys()].every((name) => other.has(name))
}

/** A role that others have made the owner of something since is left. */
async function takeAway(
  client: pg.ClientBase,
  made: ServerObjects,
  onLeft: ServerObjectOptions['onLeft'],
): Promise<void> {
  for (const [name, { undo }] of await readServerObjects(client))
    if (made.has(name)) await runAll(client, undo).catch((error: unknown) => onLeft(name, error))
}

async function bringBack(
  client: pg.ClientBase,
  lost: ServerObjects,
  onLeft: ServerObjectOptions['onLeft'],
): Promise<void> {
  for (const [name, { redo }] of lost)
    if (redo !== null)
      await client.query(redo).catch((error: unknown) => onLeft(`the reset of the ${name}`, error))
}

/**
 * Drops all databases and objects of a server from npm but those that it began with: what was left when a replay was killed.
 * What is in use is left.
 */
export async function removeLeftovers(client: pg.ClientBase): Promise<void> {
  const databases = `select datname from pg_database where oid::bigint >= 16384 and datname <> current_database()`
  for (const { datname } of await queryRows(client, databases))
    await ignoreInUse(client.query(`drop database ${pg.escapeIdentifier(String(datname))}`))
  for (const { isBuiltIn, undo } of (await readServerObjects(client)).values())
    if (!isBuiltIn) await ignoreInUse(runAll(client, undo))
}

async function ignoreInUse(operation: Promise<unknown>): Promise<void> {
  await operation.catch((error: unknown) => {
    if (!hasSqlState(error, sqlState.objectInUse, sqlState.dependentObjectsStillExist)) throw error
  })
}

/** The last statement decides: an earlier one may need more rights than it. */
async function runAll(client: pg.ClientBase, statements: readonly string[]): Promise<void> {
  for (const sql of statements.slice(0, -1)) await client.query(sql).catch(() => {})
  await client.query(statements.at(-1) ?? '')
}
