import pg from 'pg'
import type { Catalog } from '../../src/core/catalog.js'
import { diff, type Difference } from '../../src/core/diff.js'
import { reconcile } from '../../src/postgres/rerender.js'
import { query } from '../../test/support/database.js'
import { inBatches } from './batches.js'
import { type Case, titleOf } from './cases.js'
import type { Parallel } from './parallel.js'
import type { Place, Takes } from './place.js'

/** A schema that was read on one major version of PostgreSQL and compared on another. */
export interface Crossing {
  readonly title: string
  readonly from: number
  readonly to: number
  /** Null where one of the two cannot load the schema. */
  readonly differences: readonly Difference[] | null
}

/** Takes each case's `b` from every major version to every other. */
export async function crossMajors(
  servers: readonly string[],
  cases: readonly Case[],
  parallel: Parallel,
): Promise<readonly Crossing[]> {
  const versions = await Promise.all(servers.map(versionOf))
  const crossings = await inBatches(
    cases,
    (one, places) => {
      const majors = places.map((takes, index) => [versions[index] ?? 0, takes] as const)
      return crossCase(new Map(majors), one)
    },
    { servers, parallel },
  )
  return crossings.flat()
}

type Majors = ReadonlyMap<number, Takes>

async function crossCase(majors: Majors, one: Case): Promise<readonly Crossing[]> {
  const promises = new Map<number, Catalog | null>()
  for (const [version, takes] of majors)
    promises.set(version, await takes(one, 'b', snapshot).catch(whenNotLoaded))
  const crossings: Crossing[] = []
  for (const [to, takes] of majors) {
    const others = [...promises].filter(([from]) => from !== to)
    const compared =
      promises.get(to) === null
        ? others.map(([from]) => ({ from, differences: null }))
        : await takes(one, 'b', (place) => compare(place, to, others))
    crossings.push(...compared.map((rest) => ({ title: titleOf(one), to, ...rest })))
  }
  return crossings
}

type Compared = Pick<Crossing, 'from' | 'differences'>

/** Compares with a live database of major version `actual`, which first says which words mean the same. */
async function compare(
  place: Place,
  actual: number,
  promises: readonly (readonly [number, Catalog | null])[],
): Promise<readonly Compared[]> {
  const live = await place.catalog()
  const compared: Compared[] = []
  for (const [from, expected] of promises) {
    if (expected === null) {
      compared.push({ from, differences: null })
      continue
    }
    const crossing = { expected, live, majors: { expected: from, actual } }
    const reconciled = await reconcile(place.client, crossing, 'callers')
    compared.push({ from, differences: diff(expected, reconciled.live) })
  }
  return compared
}

/** The catalog as it comes back from a snapshot's file. */
async function snapshot(place: Place): Promise<Catalog> {
  const catalog: Catalog = JSON.parse(JSON.stringify(await place.catalog()))
  return catalog
}

function whenNotLoaded(error: unknown): null {
  if (error instanceof pg.DatabaseError) return null
  throw error
}

async function versionOf(server: string): Promise<number> {
  const [row] = await query(server, "select current_setting('server_version_num')::int / 10000 as version")
  return Number(row?.['version'])
}
