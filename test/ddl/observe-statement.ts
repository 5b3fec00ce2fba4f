import type pg from 'pg'
import { type Hazard, lockModes, type Statement } from '../../src/ddl/statement.js'
import type { Effects } from '../../src/postgres/observe/effects.js'
import { observe } from './observe.js'

/** What a statement did to a relation, or is said to do. */
export interface RelationEffect {
  readonly table: string
  readonly effect: 'lock' | 'table rewrite' | 'full scan'
  readonly lock?: string | undefined
}

/** What a statement did, compared with its hazards. */
export interface Observation {
  /** What it did and no hazard says. */
  readonly unsaid: readonly RelationEffect[]
  /** What a hazard says and it did not do. */
  readonly unseen: readonly RelationEffect[]
}

/**
 * Runs a statement of a plan, in a transaction of its own where it can, and compares what it does to the relations that
 * were there before the plan with its hazards. Null where it cannot be observed, because it runs outside a transaction.
 *
 * @param made the relations that earlier statements of the plan have made; those of this one are added
 */
export async function observeStatement(
  client: pg.Client,
  { sql, hazards, transactional }: Statement,
  made: Set<string>,
): Promise<Observation | null> {
  if (!transactional) {
    await client.query(sql)
    return null
  }
  const effects = await observe(client, sql)
  const empty = hazards.flatMap(emptyTable)
  const done = describeEffects(effects).filter(
    ({ table, effect }) => !made.has(table) && !(effect === 'full scan' && empty.includes(table)),
  )
  const said = hazards.flatMap(saidEffects)
  for (const { name } of effects.created) made.add(name)
  return {
    unsaid: done.filter((effect) => !said.some((other) => covers(other, effect))),
    unseen: said.filter((effect) => !done.some((other) => covers(other, effect))),
  }
}

/** The table in which a statement, since it did not fail, has found no row. */
function emptyTable(hazard: Hazard): readonly string[] {
  if (hazard.hazard !== 'may fail' || hazard.table === undefined) return []
  return hazard.when === `${hazard.table} has rows` ? [hazard.table] : []
}

function describeEffects({ locks, rewritten, scanned }: Effects): readonly RelationEffect[] {
  return [
    ...locks.map(({ table, lock }) => ({ table, effect: 'lock', lock }) as const),
    ...rewritten.map((table) => ({ table, effect: 'table rewrite' }) as const),
    // A query reads, too: only where others wait is that a hazard.
    ...scanned
      .filter(({ lock }) => lock !== null)
      .map(({ table }) => ({ table, effect: 'full scan' }) as const),
  ]
}

function saidEffects(hazard: Hazard): readonly RelationEffect[] {
  const { hazard: effect } = hazard
  if (effect === 'table rewrite') return [{ table: hazard.table, effect }]
  if (effect !== 'lock' && effect !== 'full scan') return []
  const { table, lock } = hazard
  return [{ table, effect: 'lock', lock }, ...(effect === 'lock' ? [] : [{ table, effect }])]
}

/** A stronger lock covers a weaker one, and a rewrite reads the table. */
function covers(one: RelationEffect, other: RelationEffect): boolean {
  if (one.table !== other.table) return false
  if (one.effect === 'lock' && other.effect === 'lock') return strength(one.lock) <= strength(other.lock)
  return one.effect === other.effect || (one.effect === 'table rewrite' && other.effect === 'full scan')
}

function strength(lock: string | undefined): number {
  return lockModes.findIndex((mode) => mode === lock)
}
