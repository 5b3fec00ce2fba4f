import type pg from 'pg'
import { type Majors, samePublicGrants } from '../core/across-majors.js'
import { type Catalog, type Facts } from '../core/catalog.js'
import { diff, type Undetermined } from '../core/diff.js'
import { plainNames } from '../core/pattern.js'
import { pick, promisedAt, type Snapshot } from '../core/snapshot.js'
import { isRefusal, type Likeness, type Transaction, withCanvas } from './canvas.js'
import { type Changed, type Sketch, sketchesOf } from './sketch.js'

/** A promise made on one major version of PostgreSQL, and a live catalog of another. */
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

/** A database at some revisions. */
export interface Sight {
  readonly snapshot: Snapshot | null
  readonly revisions: Iterable<string>
  readonly live: Catalog
  /** The major version of its server. */
  readonly major: number
  /** The objects that matter. Default: all. */
  readonly keys?: readonly string[]
}

/** A live catalog reconciled with what a snapshot promises at some revisions. */
export async function inPromisedWords(
  client: pg.ClientBase,
  { snapshot, revisions, live, major, keys }: Sight,
  transaction: Transaction,
): Promise<Reconciled> {
  if (snapshot === null) return { live, unrendered: {} }
  const { catalog, undetermined } = promisedAt(snapshot, revisions)
  const expected = keys === undefined ? catalog : pick(catalog, keys)
  const majors = { expected: snapshot.postgres, actual: major }
  return reconcile(client, { expected, undetermined, live, majors }, transaction)
}

/**
 * Major versions print the same definition in different words. Where promise and live catalog are of different ones, the
 * live server prints both texts anew, from temporary objects that are rolled back: what it then prints alike is no
 * difference. What it cannot print stays one. No round trip where the major versions are the same or nothing differs.
 */
export async function reconcile(
  client: pg.ClientBase,
  crossing: Crossing,
  transaction: Transaction,
): Promise<Reconciled> {
  const { live, majors } = crossing
  const changed = changedFacts(crossing)
  const likenesses = new Map(changed.map((each) => [each, knownLikeness(each, majors)]))
  const open = changed.filter((each) => likenesses.get(each) === null)
  const answers = open.length === 0 ? [] : await ask(client, open, transaction)
  for (const [at, each] of open.entries()) {
    const likeness = answers[at] ?? null
    likenesses.set(each, likeness)
    if (likeness !== null) remember(each, likeness, majors)
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
): Promise<readonly Likeness[]> {
  const relations = open
    .map(({ key }) => plainNames(key))
    .map(([schema = '', name = '']) => [schema, name] as const)
  try {
    return await withCanvas(client, { transaction, relations }, async ({ columnsOf, compare }) => {
      const sketches = open.map((changed) => sketchesOf(changed, columnsOf) ?? [])
      const likenesses = await compare(
        sketches.flat().flatMap((sketch) => ('pair' in sketch ? [sketch.pair] : [])),
      )
      const answers = likenesses.values()
      const answered = (sketch: Sketch): Likeness =>
        'pair' in sketch ? (answers.next().value ?? { why: 'the server gave no answer' }) : sketch
      return sketches.map((each) => together(each.map(answered)))
    })
  } catch (error) {
    if (!isRefusal(error)) throw error
    return open.map(() => ({ why: error.message }))
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
  return { live: { ...live, ...agreed }, unrendered }
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
