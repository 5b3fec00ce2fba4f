import pg from 'pg'
import type { Catalog } from '../../src/core/model/catalog.js'
import { diff, type Difference } from '../../src/core/model/diff.js'
import { canonicalizeCatalog } from '../../src/postgres/canonicalize/canonicalize.js'
import { query } from '../support/database.js'
import { inBatches } from './batches.js'
import { type Case, titleOf } from './cases.js'
import type { Parallel } from './parallel.js'
import { ownDatabases, type Place, type Takes } from './place.js'

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
    async (one, places) => {
      const majors = places.map((rolledBack, index) => {
        const own = ownDatabases(servers[index] ?? '')
        return { version: versions[index] ?? 0, places: [rolledBack, own] }
      })
      return crossCase(await Promise.all(majors.map((major) => promised(one, major))), one)
    },
    { servers, parallel },
  )
  return crossings.flat()
}

/** What one major version promises, and where it can be compared with; null if it cannot load the schema. */
interface Promised {
  readonly version: number
  readonly loaded: { readonly catalog: Catalog; readonly takes: Takes } | null
}

interface Major {
  readonly version: number
  /** The first in which the schema loads is taken. */
  readonly places: readonly Takes[]
}

async function promised(one: Case, { version, places }: Major): Promise<Promised> {
  for (const takes of places) {
    const catalog = await takes(one, 'b', snapshot).catch(whenNotLoaded)
    if (catalog !== null) return { version, loaded: { catalog, takes } }
  }
  return { version, loaded: null }
}

async function crossCase(majors: readonly Promised[], one: Case): Promise<readonly Crossing[]> {
  const crossings: Crossing[] = []
  for (const { version: to, loaded } of majors) {
    const others = majors.filter(({ version }) => version !== to)
    const compared =
      loaded === null
        ? others.map(({ version: from }) => ({ from, differences: null }))
        : await loaded.takes(one, 'b', (place) => compare(place, to, others))
    crossings.push(...compared.map((rest) => ({ title: titleOf(one), to, ...rest })))
  }
  return crossings
}

type Compared = Pick<Crossing, 'from' | 'differences'>

/** Compares with a live database of major version `actual`, which first says which words mean the same. */
async function compare(
  place: Place,
  actual: number,
  promises: readonly Promised[],
): Promise<readonly Compared[]> {
  const live = await place.catalog()
  const compared: Compared[] = []
  for (const { version: from, loaded } of promises) {
    if (loaded === null) {
      compared.push({ from, differences: null })
      continue
    }
    const expected = loaded.catalog
    const crossing = { expected, live, majors: { expected: from, actual } }
    const reconciled = await canonicalizeCatalog(place.client, crossing, place.transaction)
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
