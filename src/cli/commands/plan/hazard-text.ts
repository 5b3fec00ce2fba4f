import { waitersFor } from '../../../ddl/plan/runbook.js'
import { describeHazard, type Hazard, type LockMode } from '../../../ddl/statement.js'
import type { TableSize, TargetLoad } from '../../../operations/plan/target-load.js'

/** A hazard in words, with the size of its table and who waits: `ACCESS EXCLUSIVE lock on public.songs, about 3.1 M rows, …`. */
export function describeSizedHazard(hazard: Hazard, { sizes }: TargetLoad): string {
  const sized = (table: string): string => `${table}${describeSize(sizes.get(table))}`
  if (hazard.hazard === 'data loss') return hazard.what
  if (hazard.hazard === 'table rewrite')
    return lockText('ACCESS EXCLUSIVE', sized(hazard.table), ', held while it is rewritten')
  if (!('lock' in hazard)) return describeHazard(hazard)
  const held = hazard.hazard === 'full scan' ? ', held while all of it is read' : ''
  return lockText(hazard.lock, sized(hazard.table), held)
}

function lockText(lock: LockMode, table: string, held: string): string {
  const waiters = waitersFor(lock)
  return `${lock} lock on ${table}${held}${waiters === null ? '' : `; ${waiters}`}`
}

function describeSize(size: TableSize | undefined): string {
  if (size === undefined) return ''
  const { rows, bytes } = size
  return `, ${rows === null ? 'rows not known' : `about ${approximate(rows, 1000, ['', ' k', ' M', ' G'])} rows`}, ${approximate(bytes, 1024, [' B', ' kB', ' MB', ' GB', ' TB'])}`
}

/** Two digits say enough: `310 M`, `3.1 M`. */
function approximate(value: number, base: number, units: readonly string[]): string {
  const power = value < base ? 0 : Math.min(units.length - 1, Math.floor(Math.log(value) / Math.log(base)))
  const scaled = value / base ** power
  return `${scaled < 10 && power > 0 ? scaled.toFixed(1) : Math.round(scaled)}${units[power] ?? ''}`
}
