import { type Facts, tableKeyOf } from '../model/catalog.js'
import {
  type FactChange,
  isNow,
  type KindRules,
  type ImpactRule,
  type RuleCase,
  type ImpactVerdict,
} from './rule.js'
import { isTriggerOfTool } from './tool-triggers.js'

const enabledRule: ImpactRule<FactChange> = {
  cases: [
    ['it is disabled', isNow('disabled'), ['weakens', 'it no longer does anything']],
    [
      'it fires in replica sessions only',
      isNow('replica'),
      ['weakens', 'it acts on replicated changes only'],
    ],
  ],
  otherwise: ['weakens', 'it acts where it was promised not to'],
}

export const triggerRules: KindRules = {
  missing: ['weakens', 'what it does on writes no longer happens'],
  unexpected: {
    cases: [
      [
        "it fires after the write, and is a known tool's or an extension's",
        isTriggerOfTool,
        ['harmless', 'it records or forwards what is written, and does not change it'],
      ],
    ],
    otherwise: ['weakens', 'writes do more than promised'],
  },
  changed: {
    definition: ['weakens', 'writes do something other than promised'],
    enabled: enabledRule,
    onPartitions: ['weakens', 'it acts differently on rows of some partitions'],
  },
}

export const ruleRules: KindRules = {
  missing: ['weakens', 'what it does in addition to statements, or instead of them, no longer happens'],
  unexpected: ['weakens', 'statements do more than promised, or something else'],
  changed: { definition: ['weakens', 'statements do something other than promised'], enabled: enabledRule },
}

export const eventTriggerRules: KindRules = {
  missing: ['weakens', 'what it does or forbids when the schema changes no longer happens'],
  unexpected: {
    cases: [
      [
        'it fires at login',
        ({ event }) => event === 'login',
        ['weakens', 'connections do more than promised, or are refused'],
      ],
    ],
    otherwise: ['harmless', 'it acts on changes of the schema, which are verified, and not on requests'],
  },
  changed: {
    event: ['weakens', 'it fires on a different event'],
    tags: ['weakens', 'it fires for different statements'],
    function: ['weakens', 'it does something other than promised'],
    enabled: enabledRule,
  },
}

const otherRows: ImpactVerdict = ['weakens', 'a role sees, or may write, different rows than promised']

const withoutEffect: RuleCase<Facts> = [
  'row security of its table is off',
  (_, { key, expected, live }) => {
    const table = tableKeyOf(key) ?? ''
    return live[table]?.['rowSecurity'] === false && expected[table]?.['rowSecurity'] !== true
  },
  ['harmless', 'policies do nothing while row security of the table is off'],
]

export const policyRules: KindRules = {
  missing: otherRows,
  unexpected: {
    cases: [
      withoutEffect,
      [
        'it is restrictive',
        ({ permissive }) => permissive === false,
        ['breaks', 'rows that it does not accept disappear or are refused'],
      ],
    ],
    otherwise: otherRows,
  },
  changed: {
    command: otherRows,
    permissive: otherRows,
    roles: otherRows,
    using: otherRows,
    withCheck: otherRows,
  },
}
