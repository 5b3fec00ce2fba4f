import type { Catalog } from '../../src/core/model/catalog.js'
import { diff } from '../../src/core/model/diff.js'
import { bring, type Direction, type Means } from './bring.js'
import type { Case, Side } from './cases.js'
import { describe } from './differences.js'
import { errorText } from './error-text.js'
import type { Place } from './place.js'

export type Result =
  | { readonly state: 'not loaded'; readonly error: string }
  /** The sides do not differ, or `a` differs from itself in another database: how, in lines. */
  | { readonly state: 'not seen'; readonly unstable: readonly (readonly string[])[] }
  | { readonly state: 'seen'; readonly forth: Direction; readonly back: Direction }

/** Loads a pair, compares it, and takes each side to the other. */
export async function judge(one: Case, means: Means): Promise<Result> {
  const read = await readPair(one, means).catch(errorText)
  if (typeof read === 'string') return { state: 'not loaded', error: read }
  const { a, again, b } = read
  const unstable = diff(a, again).map(describe)
  if (unstable.length > 0 || diff(a, b).length === 0) return { state: 'not seen', unstable }
  return {
    state: 'seen',
    forth: await bring({ one, side: 'a', from: a, to: b }, means),
    back: await bring({ one, side: 'b', from: b, to: a }, means),
  }
}

interface Pair {
  readonly a: Catalog
  /** `a` in another database. */
  readonly again: Catalog
  readonly b: Catalog
}

async function readPair(one: Case, { here, there, own }: Means): Promise<Pair> {
  const catalog = (place: Place): Promise<Catalog> => place.catalog()
  const read = (takes: Means['own'], side: Side): Promise<Catalog> =>
    // What does not load in a transaction may load without.
    takes(one, side, catalog).catch(() => own(one, side, catalog))
  return { a: await read(here, 'a'), again: await read(there, 'a'), b: await read(there, 'b') }
}
