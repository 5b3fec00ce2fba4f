import { type Fact, type Facts, parseKey } from '../../core/model/catalog.js'
import { plainNames } from '../../core/model/pattern.js'
import { evenlyQuoted } from '../../core/model/server-versions.js'
import { type Draw, drawings } from './deparse-rules.js'
import type { Drawing, Subject } from './deparse.js'
import type { Canvas, Likeness, Pair } from './temporary-objects.js'

/** A fact that two catalogs have in different words. */
export interface Changed {
  readonly key: string
  readonly fact: string
  readonly expected: Facts
  readonly actual: Facts
}

/** What is to be printed to tell whether two texts mean the same, or that this can be told without. */
export type Sketch = { readonly pair: Pair } | Likeness

/** One sketch for each text of a fact that differs; null for a fact that all major versions print in the same words. */
export function sketchesOf(changed: Changed, columnsOf: Canvas['columnsOf']): readonly Sketch[] | null {
  const { key, fact, expected, actual } = changed
  const draw = drawings[parseKey(key).kind]?.[fact]
  const texts = differingTexts(expected[fact], actual[fact])
  if (draw === undefined || texts === null) return null
  const names = plainNames(key)
  const [schema = '', relation = ''] = names
  const subject = { names, facts: actual, columns: columnsOf(schema, relation) }
  return texts.map((both) => (isEvenly(both, key) ? { alike: true } : sketch(both, draw, subject)))
}

/** Bodies of routines are whatever somebody wrote; all else is printed, and differs in no more than quotes. */
function isEvenly([expected, actual]: Texts, key: string): boolean {
  const { kind } = parseKey(key)
  return kind !== 'function' && kind !== 'procedure' && evenlyQuoted(expected) === evenlyQuoted(actual)
}

type Texts = readonly [expected: string, actual: string]

/** Lists are compared text by text; null where there are not as many on both sides. */
function differingTexts(expected: Fact | undefined, actual: Fact | undefined): readonly Texts[] | null {
  if (typeof expected === 'string' && typeof actual === 'string') return [[expected, actual]]
  if (!Array.isArray(expected) || !Array.isArray(actual) || expected.length !== actual.length) return null
  const both = expected.map((text, at): Texts => [String(text), String(actual[at])])
  return both.filter(([one, other]) => one !== other)
}

function sketch([expected, actual]: Texts, draw: Draw, subject: Subject): Sketch {
  const [one, other]: readonly (Drawing | null)[] = [draw(expected, subject), draw(actual, subject)]
  if (!one || !other) return { why: 'it is not in the words of any PostgreSQL' }
  if ('words' in one) return { alike: 'words' in other && one.words === other.words }
  return 'words' in other ? { alike: false } : { pair: [one, other] }
}
