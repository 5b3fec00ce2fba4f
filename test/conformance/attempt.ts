import type { Catalog } from '../../src/core/model/catalog.js'
import { diff } from '../../src/core/model/diff.js'
import type { Statement } from '../../src/ddl/statement.js'
import { canonicalizeCatalog } from '../../src/postgres/canonicalize/canonicalize.js'
import { readServerMajor } from '../../src/postgres/connection/query.js'
import { apply, type Failure } from './apply.js'
import { readContents } from './contents.js'
import { describe } from './differences.js'
import { unlabelledLosses } from './losses.js'
import type { Place } from './place.js'
import { insertRows } from './rows.js'

/** What running a plan came to. `reasons` say why, a list of lines each. */
export interface Outcome {
  readonly verdict: 'brought' | 'wrong' | 'failed'
  readonly reasons: readonly (readonly string[])[]
}

export interface Attempt {
  readonly from: Catalog
  readonly to: Catalog
  readonly statements: readonly Statement[]
  readonly rows: 'with rows' | 'without rows'
}

/** Runs a plan on a database that has `from`, and reads whether it now has `to` and still its data. */
export async function attempt(place: Place, { from, to, statements, rows }: Attempt): Promise<Outcome> {
  const { client } = place
  if (rows === 'with rows') await place.atomically(() => insertRows(client))
  const before = await readContents(client, 'left out')
  const failure = await apply(place, statements)
  if (failure !== null) return { verdict: 'failed', reasons: [linesOf(failure)] }
  const remaining = diff(to, await arrivedAt(place, to))
  const after = await readContents(client, 'with its partitions')
  const losses = unlabelledLosses({ from, statements, before, after })
  const reasons = [...remaining.map(describe), ...losses.map((loss) => [`no label says that ${loss}`])]
  return { verdict: reasons.length === 0 ? 'brought' : 'wrong', reasons }
}

/** The catalog as it is now, in the words of the other where the server says that they mean the same. */
async function arrivedAt({ client, catalog, transaction }: Place, to: Catalog): Promise<Catalog> {
  const major = await readServerMajor(client)
  const crossing = { expected: to, live: await catalog(), majors: { expected: major, actual: major } }
  return (await canonicalizeCatalog(client, crossing, transaction)).live
}

function linesOf({ statement: { key, sql, hazards }, error }: Failure): readonly string[] {
  const foreseen = hazards.flatMap((hazard) => (hazard.hazard === 'may fail' ? [hazard.when] : []))
  return [error, `  for ${key}: ${sql}`, ...foreseen.map((when) => `  said to fail when ${when}`)]
}
