import { formatBytes, formatCount } from './format.js'

/** How large a table is, as far as PostgreSQL knows it. */
export interface TableSize {
  /** An estimate; null where the table was never analyzed. */
  readonly rows: number | null
  /** With its indexes and partitions. */
  readonly bytes: number
}

/** `about 12,000 rows, 3 MB`. */
export function describeTableSize({ rows, bytes }: TableSize): string {
  return rows === null ? formatBytes(bytes) : `about ${formatCount(rows, 'row')}, ${formatBytes(bytes)}`
}
