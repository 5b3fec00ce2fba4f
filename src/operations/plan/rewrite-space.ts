import { formatBytes } from '../../core/text/format.js'
import type { TableSize } from '../../core/text/table-size.js'
import type { Hazard } from '../../ddl/statement.js'
import type { TableFolders } from '../../postgres/inspect/free-space.js'

/** What the rewrites of a revision need on a disk until its transaction ends. */
export interface RewriteSpace {
  readonly tables: readonly string[]
  /** About so many bytes: what the tables and their indexes take now. */
  readonly needed: number
  /** Null where it is not known. */
  readonly free: number | null
  /** Why it is not known. */
  readonly unknown: string | null
}

/** What a database says of the space of tables. */
interface TableSpaces {
  readonly sizes: ReadonlyMap<string, TableSize>
  readonly folders: TableFolders
}

/** What the rewrites among the hazards of a revision need, disk by disk. A table is there twice until they are committed. */
export function rewriteSpaces(hazards: readonly Hazard[], spaces: TableSpaces): readonly RewriteSpace[] {
  const { sizes, folders } = spaces
  const tables = new Set(
    hazards.flatMap((hazard) => (hazard.hazard === 'table rewrite' ? [hazard.table] : [])),
  )
  const found = new Map<string, RewriteSpace>()
  for (const table of tables) {
    const size = sizes.get(table)
    if (size === undefined) continue
    const place = 'unknown' in folders ? undefined : folders.folders.get(table)
    const unknown = 'unknown' in folders ? folders.unknown : null
    const before = found.get(place?.folder ?? '')
    found.set(place?.folder ?? '', {
      tables: [...(before?.tables ?? []), table],
      needed: (before?.needed ?? 0) + size.bytes,
      free: place?.free ?? null,
      unknown,
    })
  }
  return [...found.values()]
}

/** Whether a disk has too little space. */
export function isTooSmall({ needed, free }: RewriteSpace): boolean {
  return free !== null && free < needed
}

/** `public.songs is written again, which needs about 3 GB more for a while; 10 GB are free`. */
export function describeSpace({ tables, needed, free, unknown }: RewriteSpace): string {
  const what = `${tables.join(', ')} ${tables.length === 1 ? 'is' : 'are'} written again, which needs about ${formatBytes(needed)} more until it is committed`
  return `${what}; ${free === null ? `what is free is not known: ${unknown ?? ''}` : `${formatBytes(free)} are free`}`
}
