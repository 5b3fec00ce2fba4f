import {
  type ObjectChange,
  type DdlObject,
  type KindDdl,
  listFact,
  type DdlStep,
  step,
  textFact,
} from '../object.js'
import { splitArguments } from './argument-list.js'
import { type OptionClause, renderOptionList } from './option-list.js'

export const textSearchParserDdl = createTextSearchDdl('PARSER', {
  start: (parser) => `START = ${textFact(parser, 'start')}`,
  token: (parser) => `GETTOKEN = ${textFact(parser, 'token')}`,
  end: (parser) => `END = ${textFact(parser, 'end')}`,
  types: (parser) => `LEXTYPES = ${textFact(parser, 'types')}`,
  headline: (parser) => `HEADLINE = ${textFact(parser, 'headline')}`,
})

export const textSearchTemplateDdl = createTextSearchDdl('TEMPLATE', {
  init: (template) => `INIT = ${textFact(template, 'init')}`,
  lexize: (template) => `LEXIZE = ${textFact(template, 'lexize')}`,
})

export const textSearchDictionaryDdl: KindDdl = {
  ...createTextSearchDdl('DICTIONARY', {
    template: (dictionary) => `TEMPLATE = ${textFact(dictionary, 'template')}`,
    options: (dictionary) => textFact(dictionary, 'options'),
  }),
  alter: ({ from, to, facts }) => {
    if (facts.has('template')) return 'replace'
    const after = parseDictionaryOptions(to)
    const gone = [...parseDictionaryOptions(from).keys()].filter((name) => !after.has(name))
    return [step(`ALTER TEXT SEARCH DICTIONARY ${to.name} (${[...gone, ...after.values()].join(', ')})`)]
  },
}

export const textSearchConfigurationDdl: KindDdl = {
  ...createTextSearchDdl('CONFIGURATION', {}),
  create: (object) => [
    step(`CREATE TEXT SEARCH CONFIGURATION ${object.name} (PARSER = ${textFact(object, 'parser')})`),
    ...mappingSteps(object, { mappings: parseMappings(object), verb: 'ADD' }),
  ],
  alter: (change) => (change.facts.has('parser') ? 'replace' : changeMappingSteps(change)),
}

function createTextSearchDdl(word: string, options: Readonly<Record<string, OptionClause>>): KindDdl {
  const reference = ({ name }: DdlObject): string => `TEXT SEARCH ${word} ${name}`
  return {
    reference,
    create: (object) => [step(`CREATE ${reference(object)} ${renderOptionList(object, options)}`)],
  }
}

/** The options of a dictionary by name: `stopwords` -> `stopwords = 'english'`. An option named alone is taken away. */
function parseDictionaryOptions(dictionary: DdlObject): ReadonlyMap<string, string> {
  return new Map(
    splitArguments(textFact(dictionary, 'options')).map(({ declared }) => [
      declared.split(' = ')[0] ?? '',
      declared,
    ]),
  )
}

/** Dictionaries by token type: `asciiword` -> `public.thesaurus, english_stem`. */
type TokenMappings = ReadonlyMap<string, string>

function parseMappings(configuration: DdlObject): TokenMappings {
  return new Map(
    listFact(configuration, 'mappings').map((mapping) => {
      const end = mapping.indexOf(': ')
      return [mapping.slice(0, end), mapping.slice(end + 2)]
    }),
  )
}

function changeMappingSteps({ from, to }: ObjectChange): readonly DdlStep[] {
  const [before, after] = [parseMappings(from), parseMappings(to)]
  const gone = [...before.keys()].filter((token) => !after.has(token))
  const pick = (isWanted: (token: string, dictionaries: string) => boolean): TokenMappings =>
    new Map([...after].filter(([token, dictionaries]) => isWanted(token, dictionaries)))
  const changed = pick((token, dictionaries) => ![undefined, dictionaries].includes(before.get(token)))
  return [
    ...(gone.length === 0
      ? []
      : [step(`ALTER TEXT SEARCH CONFIGURATION ${to.name} DROP MAPPING FOR ${gone.join(', ')}`)]),
    ...mappingSteps(to, { mappings: changed, verb: 'ALTER' }),
    ...mappingSteps(to, { mappings: pick((token) => !before.has(token)), verb: 'ADD' }),
  ]
}

interface MappingChange {
  readonly mappings: TokenMappings
  readonly verb: 'ADD' | 'ALTER'
}

/** One statement for all tokens that go to the same dictionaries. */
function mappingSteps({ name }: DdlObject, { mappings, verb }: MappingChange): readonly DdlStep[] {
  return [...new Set(mappings.values())].map((dictionaries) => {
    const tokens = [...mappings].filter(([, others]) => others === dictionaries).map(([token]) => token)
    return step(
      `ALTER TEXT SEARCH CONFIGURATION ${name} ${verb} MAPPING FOR ${tokens.join(', ')} WITH ${dictionaries}`,
    )
  })
}
