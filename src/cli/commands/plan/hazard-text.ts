import { describeTableSize } from '../../../core/text/table-size.js'
import { waitersFor } from '../../../ddl/plan/runbook.js'
import { describeHazard, type Hazard, type LockMode } from '../../../ddl/statement.js'
import type { TargetLoad } from '../../../operations/plan/target-load.js'

/** A hazard in words, with the size of its table and who waits: `ACCESS EXCLUSIVE lock on public.songs, about 3,100,000 rows, …`. */
export function describeSizedHazard(hazard: Hazard, { sizes }: TargetLoad): string {
  const sized = (table: string): string => {
    const size = sizes.get(table)
    return size === undefined ? table : `${table}, ${describeTableSize(size)}`
  }
  if (hazard.hazard === 'data loss') return hazard.what
  if (hazard.hazard === 'table rewrite')
    return lockText('ACCESS EXCLUSIVE', sized(hazard.table), ', held while it is rewritten')
  if (!('lock' in hazard)) return describeHazard(hazard)
  const held = hazard.hazard === 'full scan' ? ', held while all of it is read' : ''
  return lockText(hazard.lock, sized(hazard.table), held)
}

function lockText(lock: LockMode, table: string, held: string): string {
  return `${lock} lock on ${table}${held}; ${waitersFor(lock)}`
}
