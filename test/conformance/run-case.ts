import type { Catalog } from '../../src/core/model/catalog.js'
import { diff } from '../../src/core/model/diff.js'
import type { Case, Side } from './cases.js'
import { describeDifference } from './differences.js'
import { errorMessage } from '../../src/core/text/redact.js'
import type { CaseLoader, LoadedDatabase } from './loaded-database.js'
import { type DirectionResult, type Environment, runDirection } from './run-direction.js'

export type CaseOutcome =
  | { readonly state: 'not loaded'; readonly error: string }
  /** The sides do not differ, or `a` differs from itself in a second database: how, in lines. */
  | { readonly state: 'not seen'; readonly unstable: readonly (readonly string[])[] }
  | { readonly state: 'seen'; readonly aToB: DirectionResult; readonly bToA: DirectionResult }

/** Loads both sides of a case, compares them, and runs the plans in both directions. */
export async function runCase(testCase: Case, environment: Environment): Promise<CaseOutcome> {
  const read = await readSides(testCase, environment).catch(errorMessage)
  if (typeof read === 'string') return { state: 'not loaded', error: read }
  const { a, repeatedA, b } = read
  const unstable = diff(a, repeatedA).map(describeDifference)
  if (unstable.length > 0 || diff(a, b).length === 0) return { state: 'not seen', unstable }
  return {
    state: 'seen',
    aToB: await runDirection({ testCase, side: 'a', from: a, to: b }, environment),
    bToA: await runDirection({ testCase, side: 'b', from: b, to: a }, environment),
  }
}

interface SideCatalogs {
  readonly a: Catalog
  /** `a` in a second database. */
  readonly repeatedA: Catalog
  readonly b: Catalog
}

async function readSides(testCase: Case, { first, second, committed }: Environment): Promise<SideCatalogs> {
  const readCatalog = (database: LoadedDatabase): Promise<Catalog> => database.readCatalog()
  const read = (loader: CaseLoader, side: Side): Promise<Catalog> =>
    // What does not load in a transaction may load outside one.
    loader(testCase, side, readCatalog).catch(() => committed(testCase, side, readCatalog))
  return { a: await read(first, 'a'), repeatedA: await read(second, 'a'), b: await read(second, 'b') }
}
