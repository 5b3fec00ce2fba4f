import pg from 'pg'
import { queryRows } from '../connection/query.js'

/** A sequence that was behind the rows of its table, and the value it was set to. */
export interface AdvancedSequence {
  readonly sequence: string
  readonly value: number
}

/**
 * Advances the sequences of these ledger tables, by quoted name, where rows have higher numbers, as after a restore of the
 * rows alone: the next row would otherwise get a number that is taken. Call it while holding the lock.
 */
export async function advanceLedgerSequences(
  client: pg.ClientBase,
  tables: readonly string[],
): Promise<readonly AdvancedSequence[]> {
  const advanced: AdvancedSequence[] = []
  for (const table of tables) {
    const [row] = await queryRows(client, behindQuery(table))
    if (row?.['behind'] !== true) continue
    const { sequence, newest } = row
    await client.query('select setval($1::regclass, $2)', [sequence, newest])
    advanced.push({ sequence: String(sequence), value: Number(newest) })
  }
  return advanced
}

function behindQuery(table: string): string {
  return `select s.name as sequence, t.newest, t.newest > coalesce(s.last, 0) as behind
    from (select max(id) as newest from ${table}) t, (
      select name, case when has_sequence_privilege(name, 'usage, select') then pg_sequence_last_value(name::regclass) end as last
      from pg_get_serial_sequence(${pg.escapeLiteral(table)}, 'id') name) s
    where s.name is not null and has_sequence_privilege(s.name, 'usage, select')`
}
