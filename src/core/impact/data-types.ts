import { nullableRule, plainDefaultRule, typeRule } from './columns.js'
import {
  gone,
  hasAllPromised,
  hasOnlyPromised,
  type KindRules,
  listOf,
  unused,
  type ImpactVerdict,
} from './rule.js'

const otherOrder: ImpactVerdict = ['weakens', 'order and comparison of values differ']
const otherForm: ImpactVerdict = ['breaks', 'values are read or written in another form']
const otherBytes: ImpactVerdict = ['breaks', 'stored values are taken for others']

export const enumRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: {
    labels: {
      cases: [
        [
          'all promised ones are there, in their order',
          ({ expected, actual }) =>
            hasAllPromised({ expected, actual, was: {}, is: {} }) &&
            listOf(actual)
              .filter((label) => listOf(expected).includes(label))
              .join('\n') === listOf(expected).join('\n'),
          ['harmless', 'every promised label is there'],
        ],
        [
          'all promised ones are there',
          hasAllPromised,
          ['weakens', 'every promised label is there, in another order'],
        ],
      ],
      otherwise: ['breaks', 'storing or asking for a promised label fails'],
    },
  },
}

export const domainRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: {
    type: typeRule,
    nullable: nullableRule,
    default: plainDefaultRule,
    collation: otherOrder,
    constraints: {
      cases: [['none is new', hasOnlyPromised, ['weakens', 'values that it forbids can be stored']]],
      otherwise: ['breaks', 'values that this build may write are refused'],
    },
  },
}

export const compositeRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: { attributes: ['breaks', 'values have other parts than promised'] },
}

export const rangeRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: {
    subtype: ['breaks', 'bounds of the promised type may not fit or come back in another form'],
    operatorClass: otherOrder,
    collation: otherOrder,
    canonical: ['weakens', 'equal ranges are taken for different ones, or the other way round'],
    subtypeDiff: ['slows', 'indexes on it are built from other distances'],
    multirange: ['breaks', 'its multirange type has another name'],
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
    analyze: ['slows', 'queries are planned from other statistics'],
    subscript: otherForm,
    length: otherBytes,
    byValue: otherBytes,
    alignment: otherBytes,
    storage: ['harmless', 'only how long values are stored differs'],
    category: ['weakens', 'PostgreSQL may choose other functions and casts'],
    preferred: ['weakens', 'PostgreSQL may choose other functions and casts'],
    default: ['weakens', 'rows inserted without a value get another one'],
    element: otherForm,
    delimiter: ['breaks', 'arrays of it are read and written in another form'],
    collatable: ['breaks', 'queries that name a collation for it fail, or order it otherwise'],
  },
}

export const collationRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: {
    provider: otherOrder,
    locale: otherOrder,
    ctype: ['weakens', 'letters and upper and lower case are taken otherwise'],
    deterministic: ['weakens', 'other texts are equal, in unique keys too, and LIKE may fail'],
    rules: otherOrder,
  },
}

const otherMatches: ImpactVerdict = ['weakens', 'searches find other rows, and stored vectors no longer fit']
const presenceRules = { missing: gone, unexpected: unused }

export const textSearchParserRules: KindRules = {
  ...presenceRules,
  changed: {
    start: otherMatches,
    token: otherMatches,
    end: otherMatches,
    types: otherMatches,
    headline: ['weakens', 'headlines are made otherwise'],
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
