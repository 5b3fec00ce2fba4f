import pg from 'pg'
import type { Catalog } from '../../core/model/catalog.js'
import {
  extensionCatalogsOf,
  type ExtensionMove,
  findMovedExtensions,
  type MovedExtension,
  relocateSnapshot,
} from '../../core/model/extension-moves.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import { queryRows } from '../connection/query.js'

/** The catalogs whose rows can be members of an extension in its schema, with the columns of their names and schemas. */
const memberCatalogs = [
  ['pg_proc', 'proname', 'pronamespace'],
  ['pg_type', 'typname', 'typnamespace'],
  ['pg_class', 'relname', 'relnamespace'],
  ['pg_operator', 'oprname', 'oprnamespace'],
  ['pg_opclass', 'opcname', 'opcnamespace'],
  ['pg_opfamily', 'opfname', 'opfnamespace'],
  ['pg_collation', 'collname', 'collnamespace'],
  ['pg_conversion', 'conname', 'connamespace'],
  ['pg_ts_config', 'cfgname', 'cfgnamespace'],
  ['pg_ts_dict', 'dictname', 'dictnamespace'],
  ['pg_ts_parser', 'prsname', 'prsnamespace'],
  ['pg_ts_template', 'tmplname', 'tmplnamespace'],
] as const

function extensionMembersQuery(extensions: readonly string[]): string {
  const members = memberCatalogs.map(
    ([catalog, name, schema]) => `select '${catalog}'::regclass, oid, ${name}, ${schema} from ${catalog}`,
  )
  return `select e.extname as extension, quote_ident(n.nspname) as schema, json_agg(distinct m.name::text) as members
    from pg_extension e
      join pg_namespace n on n.oid = e.extnamespace
      join pg_depend d on d.refclassid = 'pg_extension'::regclass and d.refobjid = e.oid and d.deptype = 'e'
      join (${members.join(' union all ')}) m(catalog, oid, name, schema)
        on m.catalog = d.classid and m.oid = d.objid and m.schema = e.extnamespace
    where e.extname in (${extensions.map((name) => pg.escapeLiteral(name)).join(', ')})
    group by 1, 2`
}

/** What these extensions have in their schemas. Takes no round trip for no extension. */
export async function readExtensionMoves(
  client: pg.ClientBase,
  moved: readonly MovedExtension[],
): Promise<readonly ExtensionMove[]> {
  if (moved.length === 0) return []
  const rows = await queryRows(client, extensionMembersQuery(moved.map(({ extension }) => extension)))
  return rows.flatMap(({ extension, schema: to, members }) => {
    const found = moved.find((each) => each.extension === extension)
    if (found === undefined) return []
    const { promised: from, schema } = found
    const names = Array.isArray(members) ? members.map(String) : []
    return [{ extension: found.extension, from, to: String(to), members: new Set(names), schema }]
  })
}

/** Relocated snapshots by their originals: what is promised stays the same object while the extensions stay. */
const relocated = new WeakMap<Snapshot, { readonly moved: string; readonly snapshot: Snapshot }>()

/**
 * The snapshot with the schemas that the extensions have in a live catalog; itself where they are as promised. `live` needs
 * to have the extensions only.
 */
export async function snapshotForDatabase(
  client: pg.ClientBase,
  snapshot: Snapshot,
  live: Catalog,
): Promise<Snapshot> {
  const { original = snapshot } = snapshot
  const moved = findMovedExtensions(extensionCatalogsOf(original), live)
  if (moved.length === 0) return original
  const known = relocated.get(original)
  const id = JSON.stringify(moved)
  if (known?.moved === id) return known.snapshot
  const found = relocateSnapshot(original, await readExtensionMoves(client, moved))
  relocated.set(original, { moved: id, snapshot: found })
  return found
}
