import { type Change, type DdlObject, type KindDdl, list, type Step, step, text } from '../object.js'
import { splitArguments } from './argument-list.js'
import { type Clause, parenthesized } from './clauses.js'

export const textSearchParser = plainKind('PARSER', {
  start: (parser) => `START = ${text(parser, 'start')}`,
  token: (parser) => `GETTOKEN = ${text(parser, 'token')}`,
  end: (parser) => `END = ${text(parser, 'end')}`,
  types: (parser) => `LEXTYPES = ${text(parser, 'types')}`,
  headline: (parser) => `HEADLINE = ${text(parser, 'headline')}`,
})

export const textSearchTemplate = plainKind('TEMPLATE', {
  init: (template) => `INIT = ${text(template, 'init')}`,
  lexize: (template) => `LEXIZE = ${text(template, 'lexize')}`,
})

export const textSearchDictionary: KindDdl = {
  ...plainKind('DICTIONARY', {
    template: (dictionary) => `TEMPLATE = ${text(dictionary, 'template')}`,
    options: (dictionary) => text(dictionary, 'options'),
  }),
  alter: ({ from, to, facts }) => {
    if (facts.has('template')) return 'replace'
    const after = optionsOf(to)
    const gone = [...optionsOf(from).keys()].filter((name) => !after.has(name))
    return [step(`ALTER TEXT SEARCH DICTIONARY ${to.name} (${[...gone, ...after.values()].join(', ')})`)]
  },
}

export const textSearchConfiguration: KindDdl = {
  ...plainKind('CONFIGURATION', {}),
  create: (object) => [
    step(`CREATE TEXT SEARCH CONFIGURATION ${object.name} (PARSER = ${text(object, 'parser')})`),
    ...mapped(object, { mappings: mappingsOf(object), verb: 'ADD' }),
  ],
  alter: (change) => (change.facts.has('parser') ? 'replace' : remapped(change)),
}

function plainKind(word: string, options: Readonly<Record<string, Clause>>): KindDdl {
  const reference = ({ name }: DdlObject): string => `TEXT SEARCH ${word} ${name}`
  return {
    reference,
    create: (object) => [step(`CREATE ${reference(object)} ${parenthesized(object, options)}`)],
  }
}

/** The options of a dictionary by name: `stopwords` -> `stopwords = 'english'`. An option named alone is taken away. */
function optionsOf(dictionary: DdlObject): ReadonlyMap<string, string> {
  return new Map(
    splitArguments(text(dictionary, 'options')).map(({ declared }) => [
      declared.split(' = ')[0] ?? '',
      declared,
    ]),
  )
}

/** Dictionaries by token type: `asciiword` -> `public.thesaurus, english_stem`. */
type Mappings = ReadonlyMap<string, string>

function mappingsOf(configuration: DdlObject): Mappings {
  return new Map(
    list(configuration, 'mappings').map((mapping) => {
      const end = mapping.indexOf(': ')
      return [mapping.slice(0, end), mapping.slice(end + 2)]
    }),
  )
}

function remapped({ from, to }: Change): readonly Step[] {
  const [before, after] = [mappingsOf(from), mappingsOf(to)]
  const gone = [...before.keys()].filter((token) => !after.has(token))
  const pick = (isWanted: (token: string, dictionaries: string) => boolean): Mappings =>
    new Map([...after].filter(([token, dictionaries]) => isWanted(token, dictionaries)))
  const changed = pick((token, dictionaries) => ![undefined, dictionaries].includes(before.get(token)))
  return [
    ...(gone.length === 0
      ? []
      : [step(`ALTER TEXT SEARCH CONFIGURATION ${to.name} DROP MAPPING FOR ${gone.join(', ')}`)]),
    ...mapped(to, { mappings: changed, verb: 'ALTER' }),
    ...mapped(to, { mappings: pick((token) => !before.has(token)), verb: 'ADD' }),
  ]
}

interface Mapping {
  readonly mappings: Mappings
  readonly verb: 'ADD' | 'ALTER'
}

/** One statement for all tokens that go to the same dictionaries. */
function mapped({ name }: DdlObject, { mappings, verb }: Mapping): readonly Step[] {
  return [...new Set(mappings.values())].map((dictionaries) => {
    const tokens = [...mappings].filter(([, others]) => others === dictionaries).map(([token]) => token)
    return step(
      `ALTER TEXT SEARCH CONFIGURATION ${name} ${verb} MAPPING FOR ${tokens.join(', ')} WITH ${dictionaries}`,
    )
  })
}
