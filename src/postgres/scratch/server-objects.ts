import type pg from 'pg'
import { type Connection, withClient } from '../connection/connect.js'
import { queryRows } from '../connection/query.js'

/** What belongs to the server: a role, a tablespace, a membership, a setting of a role. */
interface ServerObject {
  /** The statements that take it away. */
  readonly undo: readonly string[]
  /** The statement that brings it back, for a setting; null for anything else. */
  readonly redo: string | null
}

/** By name and value, in the order in which they can be taken away. */
type ServerObjects = ReadonlyMap<string, ServerObject>

/** What a database is set to goes with it. */
const serverObjectsQuery = `
  select 1 as rank, format('setting of %s: %s', role, config) as name, null as prepare,
      format('alter role %s reset %I', role, split_part(config, '=', 1)) as undo,
      format('select set_config(%L, %L, true); alter role %s set %I from current', split_part(config, '=', 1),
        substr(config, strpos(config, '=') + 1), role, split_part(config, '=', 1)) as redo
    from (select unnest(s.setconfig) as config, case when s.setrole = 0 then 'all' else s.setrole::regrole::text end as role
      from pg_db_role_setting s where s.setdatabase = 0) each
  union all select 2, format('membership of %s in %s', member::regrole, roleid::regrole), null,
      format('revoke %s from %s', roleid::regrole, member::regrole), null from pg_auth_members
  union all select 3, format('tablespace %I', spcname), null, format('drop tablespace %I', spcname), null from pg_tablespace
  union all select 4, format('role %I', rolname), format('drop owned by %I', rolname), format('drop role %I', rolname), null
    from pg_roles
  order by 1, 2`

/** To be called with the session of a revision, after its `up` and before its commit. */
export type NoteServerObjects = (client: pg.ClientBase, transactional: boolean) => Promise<void>

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
      return await use(async (client, transactional) => {
        if (hasSameNames(await readServerObjects(client), known)) return
        // Others commit at any time: what is only here is not there before and not after it is seen here.
        const before = transactional ? await readServerObjects(observer) : known
        const seen = await readServerObjects(client)
        if (transactional) keep(seen, before, await readServerObjects(observer))
        else if (isEmbedded) keep(seen, before, before)
        known = seen
      })
    } catch (error) {
      // A revision without a transaction leaves what it made before it failed.
      if (isEmbedded) keep(await readServerObjects(observer), known, known)
      throw error
    } finally {
      await takeAway(observer, made, onLeft)
      for (const { redo } of lost.values()) if (redo !== null) await observer.query(redo).catch(() => {})
    }
  })
}

async function readServerObjects(client: pg.ClientBase): Promise<ServerObjects> {
  const rows = await queryRows(client, serverObjectsQuery)
  return new Map(
    rows.map(({ name, prepare, undo, redo }) => [
      String(name),
      {
        undo: [prepare, undo].filter((sql) => sql !== null).map(String),
        redo: typeof redo === 'string' ? redo : null,
      },
    ]),
  )
}

function hasSameNames(one: ServerObjects, other: ServerObjects): boolean {
  return one.size === other.size && [...one.keys()].every((name) => other.has(name))
}

/** A role that others have made the owner of something since is left. */
async function takeAway(
  client: pg.Client,
  made: ServerObjects,
  onLeft: ServerObjectOptions['onLeft'],
): Promise<void> {
  const there = await readServerObjects(client)
  for (const [name, { undo }] of there) {
    if (!made.has(name)) continue
    let failure: unknown = null
    for (const sql of undo)
      failure = await client.query(sql).then(
        () => null,
        (error: unknown) => error,
      )
    if (failure !== null) onLeft(name, failure)
  }
}
