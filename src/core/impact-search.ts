import { gone, type KindRules, unused, type Verdict } from './impact/rule.js'

const otherMatches: Verdict = ['weakens', 'searches find other rows, and stored vectors no longer fit']
const alone = { missing: gone, unexpected: unused }

export const textSearchParserRules: KindRules = {
  ...alone,
  changed: {
    start: otherMatches,
    token: otherMatches,
    end: otherMatches,
    types: otherMatches,
    headline: ['weakens', 'headlines are made otherwise'],
  },
}

export const textSearchTemplateRules: KindRules = {
  ...alone,
  changed: { init: otherMatches, lexize: otherMatches },
}

export const textSearchDictionaryRules: KindRules = {
  ...alone,
  changed: { template: otherMatches, options: otherMatches },
}

export const textSearchConfigurationRules: KindRules = {
  ...alone,
  changed: { parser: otherMatches, mappings: otherMatches },
}
