import type pg from 'pg'
import { queryRows } from '../connection/query.js'

/** A label of an enum, which keeps its oid when it gets another name. */
export interface EnumLabel {
  readonly oid: string
  /** Named as in SQL. */
  readonly type: string
  readonly label: string
}

/** A label that a revision gave another name; the type as it was called before it. */
export interface RenamedLabel {
  readonly type: string
  readonly from: string
  readonly to: string
}

/** Reads the labels of all enums. */
export async function readEnumLabels(client: pg.ClientBase): Promise<readonly EnumLabel[]> {
  const rows = await queryRows(
    client,
    `select e.oid::text as oid, format('%s.%s', quote_ident(n.nspname), quote_ident(t.typname)) as type, e.enumlabel as label
      from pg_enum e join pg_type t on t.oid = e.enumtypid join pg_namespace n on n.oid = t.typnamespace`,
  )
  return rows.map(({ oid, type, label }) => ({
    oid: String(oid),
    type: String(type),
    label: String(label),
  }))
}

/** The labels that have another name than before. */
export function findRenamedLabels(
  before: readonly EnumLabel[],
  after: readonly EnumLabel[],
): readonly RenamedLabel[] {
  const labels = new Map(after.map(({ oid, label }) => [oid, label]))
  return before.flatMap(({ oid, type, label: from }) => {
    const to = labels.get(oid)
    return to === undefined || to === from ? [] : [{ type, from, to }]
  })
}
