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
    const removed = [...parseDictionaryOptions(from).keys()].filter((name) => !after.has(name))
    return [step(`ALTER TEXT SEARCH DICTIONARY ${to.name} (${[...removed, ...after.values()].join(', ')})`)]
  },
}

export const textSearchConfigurationDdl: KindDdl = {
  ...createTextSearchDdl('CONFIGURATION', {}),
  create: (object) => [
    step(`CREATE TEXT SEARCH CONFIGURATION ${object.name} (PARSER = ${textFact(object, 'parser')})`),
    ...mappingSteps(object, 'ADD', parseMappings(object)),
  ],
  alter: (change) => (change.facts.has('parser') ? 'replace' : changeMappingSteps(change)),
}

function createTextSearchDdl(keyword: string, options: Readonly<Record<string, OptionClause>>): KindDdl {
  const reference = ({ name }: DdlObject): string => `TEXT SEARCH ${keyword} ${name}`
  return {
    reference,
    create: (object) => [step(`CREATE ${reference(object)} ${renderOptionList(object, options)}`)],
  }
}

/**
 * The options of a dictionary by name: `stopwords` -> `stopwords = 'english'`. ALTER removes an option that has no
 * value.
 */
function parseDictionaryOptions(dictionary: DdlObject): ReadonlyMap<string, string> {
  return new Map(
    splitArguments(textFact(dictionary, 'options')).map(({ declared }) => [
      declared.split(' = ')[0] ?? '',
      declared,
    ]),
  )
}

/** The dictionaries of each token type: `asciiword` -> `public.thesaurus, english_stem`. */
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
  const removed = [...before.keys()].filter((token) => !after.has(token))
  const changed = [...after].filter(
    ([token, dictionaries]) => ![undefined, dictionaries].includes(before.get(token)),
  )
  const added = [...after].filter(([token]) => !before.has(token))
  return [
    ...(removed.length === 0
      ? []
      : [step(`ALTER TEXT SEARCH CONFIGURATION ${to.name} DROP MAPPING FOR ${removed.join(', ')}`)]),
    ...mappingSteps(to, 'ALTER', new Map(changed)),
    ...mappingSteps(to, 'ADD', new Map(added)),
  ]
}

/** One statement for all token types that have the same dictionaries. */
function mappingSteps(
  { name }: DdlObject,
  verb: 'ADD' | 'ALTER',
  mappings: TokenMappings,
): readonly DdlStep[] {
  return [...new Set(mappings.values())].map((dictionaries) => {
    const tokens = [...mappings].filter(([, others]) => others === dictionaries).map(([token]) => token)
    return step(
      `ALTER TEXT SEARCH CONFIGURATION ${name} ${verb} MAPPING FOR ${tokens.join(', ')} WITH ${dictionaries}`,
    )
  })
}
