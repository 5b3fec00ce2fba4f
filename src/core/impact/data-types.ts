import {
  gone,
  hasAllPromised,
  type ImpactVerdict,
  type KindRules,
  listOf,
  otherOrder,
  unused,
} from './rule.js'

const otherForm: ImpactVerdict = ['breaks', 'values are read or written in a different form']
const otherBytes: ImpactVerdict = ['breaks', 'stored values are misread']

export const enumRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: {
    labels: {
      cases: [
        [
          'all promised ones exist, in the promised order',
          ({ expected, actual }) =>
            hasAllPromised({ expected, actual, was: {}, is: {} }) &&
            listOf(actual)
              .filter((label) => listOf(expected).includes(label))
              .join('\n') === listOf(expected).join('\n'),
          ['harmless', 'every promised label exists'],
        ],
        [
          'all promised ones exist',
          hasAllPromised,
          ['weakens', 'every promised label exists, but they sort differently'],
        ],
      ],
      otherwise: ['breaks', 'storing or querying a promised label fails'],
    },
  },
}

export const compositeRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: { attributes: ['breaks', 'values have different attributes than promised'] },
}

export const rangeRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: {
    subtype: ['breaks', 'bounds of the promised type may not fit, or are returned in a different form'],
    operatorClass: otherOrder,
    collation: otherOrder,
    canonical: ['weakens', 'equal ranges count as different, or different ones as equal'],
    subtypeDiff: ['slows', 'indexes on it are built from different distances'],
    multirange: ['breaks', 'its multirange type has a different name'],
  },
}

export const baseTypeRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: {
    shell: ['breaks', 'it is defined on one side only'],
    input: otherForm,
    output: otherForm,
    receive: otherForm,
    send: otherForm,
    typmodIn: otherForm,
    typmodOut: otherForm,
    analyze: ['slows', 'queries are planned from different statistics'],
    subscript: otherForm,
    length: otherBytes,
    byValue: otherBytes,
    alignment: otherBytes,
    storage: ['harmless', 'only the storage of long values differs'],
    category: ['weakens', 'PostgreSQL may choose different functions and casts'],
    preferred: ['weakens', 'PostgreSQL may choose different functions and casts'],
    default: ['weakens', 'rows inserted without a value get a different one'],
    element: otherForm,
    delimiter: ['breaks', 'arrays of it are read and written in a different form'],
    collatable: ['breaks', 'queries that name a collation for it fail or sort differently'],
  },
}

export const collationRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: {
    provider: otherOrder,
    locale: otherOrder,
    ctype: ['weakens', 'letters and their case are classified differently'],
    deterministic: ['weakens', 'different texts count as equal, in unique keys too, and LIKE may fail'],
    rules: otherOrder,
  },
}

const otherMatches: ImpactVerdict = [
  'weakens',
  'searches find different rows, and stored vectors no longer match',
]
const presenceRules = { missing: gone, unexpected: unused }

export const textSearchParserRules: KindRules = {
  ...presenceRules,
  changed: {
    start: otherMatches,
    token: otherMatches,
    end: otherMatches,
    types: otherMatches,
    headline: ['weakens', 'headlines are built differently'],
  },
}

export const textSearchTemplateRules: KindRules = {
  ...presenceRules,
  changed: { init: otherMatches, lexize: otherMatches },
}

export const textSearchDictionaryRules: KindRules = {
  ...presenceRules,
  changed: { template: otherMatches, options: otherMatches },
}

export const textSearchConfigurationRules: KindRules = {
  ...presenceRules,
  changed: { parser: otherMatches, mappings: otherMatches },
}
