import type pg from 'pg'
import { type Catalog, type Facts } from '../../core/model/catalog.js'
import { diff, type Difference, type Undetermined } from '../../core/model/diff.js'
import { plainNames } from '../../core/model/pattern.js'
import { type Majors, samePublicGrants } from '../../core/model/server-versions.js'
import { pick, promisedAt, type Snapshot } from '../../core/model/snapshot.js'
import { isRefusal, type Likeness, type Transaction, withCanvas } from './temporary-objects.js'
import { type Changed, type Sketch, sketchesOf } from './text-pairs.js'

/** A promise and a live catalog, perhaps of different major versions of PostgreSQL. */
export interface Crossing {
  readonly expected: Catalog
  readonly undetermined?: Undetermined
  readonly live: Catalog
  readonly majors: Majors
}

/** Why it could not be told whether a difference is more than other words, by object key. */
export type Unrendered = Readonly<Record<string, string>>

export interface Reconciled {
  /** The live catalog, in the promised words wherever they mean the same. */
  readonly live: Catalog
  readonly unrendered: Unrendered
}

/** A database at some revisions, where it differs from what a snapshot promises. */
export interface Sight {
  readonly snapshot: Snapshot
  readonly revisions: Iterable<string>
  readonly live: Catalog
  /** The major version of its server. */
  readonly major: number
  readonly differences: readonly Difference[]
}

/** The live catalog reconciled with the snapshot, as far as there are differences. */
export async function inPromisedWords(
  client: pg.ClientBase,
  { snapshot, revisions, live, major, differences }: Sight,
  transaction: Transaction,
): Promise<Reconciled> {
  const keys = differences.flatMap(({ change, key }) => (change === 'changed' ? [key] : []))
  if (keys.length === 0) return { live, unrendered: {} }
  const { catalog, undetermined } = promisedAt(snapshot, revisions)
  const expected = pick(catalog, keys)
  const majors = { expected: snapshot.postgres, actual: major }
  const agreed = await reconcile(
    client,
    { expected, undetermined, live: pick(live, keys), majors },
    transaction,
  )
  return { live: { ...live, ...agreed.live }, unrendered: agreed.unrendered }
}

/**
 * Major versions print the same definition in different words, and each prints some of them anew in others: what was
 * restored from a dump, or built from a snapshot. So the live server prints both texts of a difference, from temporary
 * objects that are rolled back: what it then prints alike is no difference. What it cannot print stays one. No round trip
 * where there is nothing to print.
 */
export async function reconcile(
  client: pg.ClientBase,
  crossing: Crossing,
  transaction: Transaction,
): Promise<Reconciled> {
  const { majors } = crossing
  const changed = changedFacts(crossing)
  const likenesses = new Map(changed.map((each) => [each, knownLikeness(each, majors)]))
  const open = changed.filter((each) => likenesses.get(each) === null)
  for (const [each, likeness] of open.length === 0 ? [] : await ask(client, open, transaction)) {
    remember(each, likeness, majors)
    likenesses.set(each, likeness)
  }
  return conclude(crossing, likenesses)
}

function changedFacts({ expected, live, undetermined }: Crossing): readonly Changed[] {
  return diff(expected, live, undetermined).flatMap((difference) => {
    if (difference.change !== 'changed') return []
    const { key, facts } = difference
    return facts.map((fact) => ({ key, fact, expected: expected[key] ?? {}, actual: live[key] ?? {} }))
  })
}

/** What can be told without the server; null for what it has to print. */
function knownLikeness(changed: Changed, majors: Majors): Likeness | null {
  const { key, fact, expected, actual } = changed
  if (key === 'schema:public' && fact === 'grants')
    return { alike: samePublicGrants([expected[fact], actual[fact]], majors) }
  const alike = remembered.get(expected)?.get(memoOf(changed, majors))
  if (alike !== undefined) return { alike }
  const sketches = sketchesOf(changed, () => '') ?? [{ alike: false }]
  const likenesses = sketches.flatMap((sketch) => ('pair' in sketch ? [] : [sketch]))
  return likenesses.length < sketches.length ? null : together(likenesses)
}

async function ask(
  client: pg.ClientBase,
  open: readonly Changed[],
  transaction: Transaction,
): Promise<Iterable<readonly [Changed, Likeness]>> {
  const relations = open
    .map(({ key }) => plainNames(key))
    .map(([schema = '', name = '']) => [schema, name] as const)
  try {
    return await withCanvas(client, { transaction, relations }, async ({ columnsOf, compare }) => {
      const sketches = open.map((changed) => [changed, sketchesOf(changed, columnsOf) ?? []] as const)
      const likenesses = await compare(
        sketches.flatMap(([, each]) => each.flatMap((sketch) => ('pair' in sketch ? [sketch.pair] : []))),
      )
      const answers = likenesses.values()
      const answered = (sketch: Sketch): Likeness =>
        'pair' in sketch ? (answers.next().value ?? { why: 'the server gave no answer' }) : sketch
      return sketches.map(([changed, each]) => [changed, together(each.map(answered))] as const)
    })
  } catch (error) {
    if (!isRefusal(error)) throw error
    return open.map((changed) => [changed, { why: error.message }] as const)
  }
}

/** A fact of several texts is alike if all are. */
function together(likenesses: readonly Likeness[]): Likeness {
  const failed = likenesses.find((likeness) => 'why' in likeness)
  return failed ?? { alike: likenesses.every((likeness) => 'alike' in likeness && likeness.alike) }
}

function conclude({ live, majors }: Crossing, likenesses: ReadonlyMap<Changed, Likeness | null>): Reconciled {
  const failure = `PostgreSQL ${majors.actual} could not print what ${majors.expected} promised`
  const agreed: Record<string, Facts> = {}
  const unrendered: Record<string, string> = {}
  for (const [{ key, fact, expected }, likeness] of likenesses)
    if (likeness !== null && 'why' in likeness) unrendered[key] = `${failure}: ${likeness.why}`
    else if (likeness?.alike === true) agreed[key] = worded(agreed[key] ?? live[key] ?? {}, fact, expected)
  return { live: { ...live, ...agreed }, unrendered: majors.expected === majors.actual ? {} : unrendered }
}

/** Facts with the promised words of one of them. */
function worded(facts: Facts, name: string, { [name]: promised }: Facts): Facts {
  const { [name]: _, ...others } = facts
  return promised === undefined ? others : { ...others, [name]: promised }
}

/**
 * What was once printed alike stays so: two texts that are the same word for word would not be looked at again either. By
 * the promised facts, which live as long as their snapshot.
 */
const remembered = new WeakMap<Facts, Map<string, boolean>>()

function remember(changed: Changed, likeness: Likeness, majors: Majors): void {
  if ('why' in likeness) return
  const known = remembered.get(changed.expected) ?? new Map<string, boolean>()
  remembered.set(changed.expected, known.set(memoOf(changed, majors), likeness.alike))
}

function memoOf({ fact, actual }: Changed, majors: Majors): string {
  return JSON.stringify([majors.actual, fact, actual[fact]])
}
