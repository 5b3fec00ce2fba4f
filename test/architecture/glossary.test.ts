import t from 'tap'
import { pages, type Page } from './documents.js'
import { allowedWords, idioms, inventedNames, neverSay, otherMeanings, rightNames } from './glossary.js'
import { declaredNames, sources } from './sources.js'

/** `readDatabaseState` as `read database state`, `lock-file` as `lock file`. */
function spaced(text: string): string {
  return text
    .replaceAll(/(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[_-]/g, ' ')
    .replaceAll(/ +/g, ' ')
    .toLowerCase()
}

/** Finds a word with its plural and other endings: `risk` in `risky`, not in `asterisk`. */
function finderOf(word: string): RegExp {
  return new RegExp(`(?<![a-z])${word}(?:e?s|ed|y|ly|ous|ing)?(?![a-z])`)
}

const forbidden = [...neverSay, ...idioms].flatMap(({ words, say }) =>
  words.map((word) => ({ word, say, finder: finderOf(word) })),
)

/** The lines of a text that say what is never said: `src/a.ts:1 "delta": say difference`. */
function offencesIn({ path, text }: Page): readonly string[] {
  const held = forbidden.filter(
    ({ word }) => !otherMeanings.some((other) => other.word === word && other.files.includes(path)),
  )
  return text
    .split('\n')
    .map(spaced)
    .flatMap((line, index) =>
      held
        .filter(({ finder }) => finder.test(line))
        .map(({ word, say }) => `${path}:${index + 1} "${word}": say ${say}`),
    )
}

/** The rows of the glossary: a word, its meaning, and what is never said. */
const glossary =
  /\n\| word .*?\n\n/s.exec(pages.find(({ path }) => path === 'ARCHITECTURE.md')?.text ?? '')?.[0] ?? ''

t.test('what is never said is not said in code, messages, comments and documentation', async (t) => {
  const code = sources.map(({ path, text }) => ({ path: `src/${path}`, text }))
  const texts = pages.map(({ path, text }) => ({ path, text: text.replace(glossary, '') }))
  t.strictSame([...code, ...texts].flatMap(offencesIn), [])
  t.strictSame(offencesIn({ path: 'a', text: 'aRevisionDelta\nasterisk\na Lock-File' }), [
    'a:1 "delta": say difference',
    'a:3 "lock file": say snapshot',
  ])
})

t.test('each word of the glossary that is never said is held out, or has its reason', async (t) => {
  const words = glossary
    .split('\n')
    .slice(2)
    .flatMap((row) => row.split('|')[3]?.split(',') ?? [])
    .map((word) => word.trim())
    .filter((word) => !/^-*$/.test(word))
  const known = [...neverSay.flatMap(({ words }) => words), ...Object.keys(allowedWords)]
  t.strictSame(
    words.filter((word) => !known.includes(word)),
    [],
  )
  t.strictSame(
    Object.keys(allowedWords).filter((word) => !words.includes(word)),
    [],
  )
  t.ok(words.length > 30)
})

function isRightName(place: string, name: string): boolean {
  const file = place.replace(/:\d+$/, '')
  return [rightNames['*'], rightNames[file]].some((names) => names?.[name] !== undefined)
}

t.test('no name is a metaphor', async (t) => {
  const words = inventedNames.flatMap(({ words, say }) =>
    words.map((word) => ({ word, say, finder: finderOf(word) })),
  )
  const names = [
    ...declaredNames,
    ...sources.map(({ path }) => ({ place: path, name: path.replace(/\.ts$/, '').replaceAll('/', ' ') })),
  ]
  t.strictSame(
    names
      .filter(({ place, name }) => !isRightName(place, name))
      .flatMap(({ place, name }) =>
        words
          .filter(({ finder }) => finder.test(spaced(name)))
          .map(({ word, say }) => `${place} ${name}: "${word}", say ${say}`),
      ),
    [],
  )
})

t.test('no type is named by a bare participle', async (t) => {
  const nouns = /^(?:Finding|Setting|Embedded)$/
  const participle =
    /^[A-Z][a-z]*(?:ed|ing)$|^(?:Stood|Kept|Held|Told|Seen|Found|Begun|Left|Made|Known|Given|Shown)$/
  t.strictSame(
    declaredNames
      .filter(({ isType, name }) => isType && participle.test(name) && !nouns.test(name))
      // Generated, with names that say which call of Knex they are for.
      .filter(({ place }) => !place.startsWith('service/knex-tables.d.ts'))
      .map(({ place, name }) => `${place} ${name}`),
    [],
  )
})
