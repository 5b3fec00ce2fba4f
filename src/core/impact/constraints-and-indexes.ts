import type { Fact } from '../model/catalog.js'
import {
  type FactChange,
  isNow,
  type KindRules,
  type ImpactRule,
  unused,
  validityRule,
  type ImpactVerdict,
} from './rule.js'

const rowsRefused: ImpactVerdict = ['breaks', 'rows that this build may write are refused']
const refusedAsDuplicate: ImpactVerdict = [
  'breaks',
  'rows that this build may write are refused as duplicates',
]
const duplicatesAllowed: ImpactVerdict = [
  'weakens',
  'duplicates can be stored, and upserts that rely on it fail',
]
const onlyClusterOrder: ImpactVerdict = ['harmless', 'only by which order CLUSTER writes the table differs']
const otherStorage: ImpactVerdict = ['slows', 'it takes other space, or is kept up otherwise']

const isUniqueKey = ({ type }: { readonly type?: unknown }): boolean =>
  type === 'primary key' || type === 'unique'

function stripEnforcement(definition: Fact | undefined): string {
  return String(definition).replace(/ NOT ENFORCED$/, '')
}

export const constraintRules: KindRules = {
  missing: {
    cases: [
      ['it is not enforced', ({ enforced }) => enforced === false, ['harmless', 'it forbade nothing']],
      ['it is a primary key or unique', isUniqueKey, duplicatesAllowed],
      [
        'it is a foreign key',
        ({ type }) => type === 'foreign key',
        ['weakens', 'rows that refer to nothing can be stored, and nothing is cascaded'],
      ],
    ],
    otherwise: ['weakens', 'rows that it forbids can be stored'],
  },
  unexpected: {
    cases: [
      ['it is not enforced', ({ enforced }) => enforced === false, ['harmless', 'it forbids nothing']],
      ['it is a primary key or unique', isUniqueKey, refusedAsDuplicate],
    ],
    otherwise: rowsRefused,
  },
  changed: {
    type: ['breaks', 'other rows are refused than promised'],
    definition: {
      cases: [
        [
          'it says the same, but whether it is enforced',
          ({ expected, actual }) => stripEnforcement(expected) === stripEnforcement(actual),
          ['harmless', 'whether it is enforced is a fact of its own'],
        ],
      ],
      otherwise: ['breaks', 'other rows are refused than promised'],
    },
    valid: validityRule,
    enforced: {
      cases: [['it is not enforced', isNow(false), ['weakens', 'rows that it forbids can be stored']]],
      otherwise: rowsRefused,
    },
    parent: ['harmless', 'it forbids the same, alone or with that of the partitioned table'],
    options: otherStorage,
    clustered: onlyClusterOrder,
  },
}

export const indexRules: KindRules = {
  missing: {
    cases: [['it is unique', ({ unique }) => unique === true, duplicatesAllowed]],
    otherwise: ['slows', 'queries that need it scan the table'],
  },
  unexpected: {
    cases: [['it is unique', ({ unique }) => unique === true, refusedAsDuplicate]],
    otherwise: unused,
  },
  changed: {
    definition: {
      cases: [
        [
          'it is unique, as promised',
          ({ was, is }) => was['unique'] === true && is['unique'] === true,
          ['breaks', 'other rows are refused as duplicates than promised'],
        ],
      ],
      otherwise: ['slows', 'queries may not be able to use it'],
    },
    unique: {
      cases: [['it is unique', isNow(true), refusedAsDuplicate]],
      otherwise: duplicatesAllowed,
    },
    valid: {
      cases: [
        [
          'it is invalid, and unique',
          ({ actual, is }) => actual === false && is['unique'] === true,
          ['weakens', 'old rows may be duplicates, upserts that rely on it fail, and queries do not use it'],
        ],
        ['it is invalid', isNow(false), ['slows', 'queries do not use it']],
      ],
      otherwise: ['harmless', 'it was built since'],
    },
    parent: ['slows', 'it is, or is not, part of the index of the partitioned table'],
    clustered: onlyClusterOrder,
    statistics: ['slows', 'queries are planned from a larger or smaller sample'],
  },
}

const enabledRule: ImpactRule<FactChange> = {
  cases: [
    ['it is disabled', isNow('disabled'), ['weakens', 'it does nothing any more']],
    ['it is for replicas only', isNow('replica'), ['weakens', 'it does nothing but for replicated changes']],
  ],
  otherwise: ['weakens', 'it acts where it was promised not to'],
}

export const triggerRules: KindRules = {
  missing: ['weakens', 'what it does on writes no longer happens'],
  unexpected: ['weakens', 'writes do more than promised'],
  changed: { definition: ['weakens', 'writes do something else than promised'], enabled: enabledRule },
}

export const ruleRules: KindRules = {
  missing: ['weakens', 'what it does beside or instead of statements no longer happens'],
  unexpected: ['weakens', 'statements do more than promised, or something else'],
  changed: { definition: ['weakens', 'statements do something else than promised'], enabled: enabledRule },
}

export const eventTriggerRules: KindRules = {
  missing: ['weakens', 'what it does or forbids when the schema changes no longer happens'],
  unexpected: ['weakens', 'what changes the schema, migrations among it, does more or is refused'],
  changed: {
    event: ['weakens', 'it acts at another moment'],
    tags: ['weakens', 'it acts on other statements'],
    function: ['weakens', 'it does something else than promised'],
    enabled: enabledRule,
  },
}

const otherRows: ImpactVerdict = ['weakens', 'the rows a role sees or may write are not the promised ones']

export const policyRules: KindRules = {
  missing: otherRows,
  unexpected: {
    cases: [
      [
        'it is restrictive',
        ({ permissive }) => permissive === false,
        ['breaks', 'rows disappear, or are refused, that it does not let pass'],
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

export const statisticsRules: KindRules = {
  missing: ['slows', 'queries are planned as if its columns had nothing to do with each other'],
  unexpected: unused,
  changed: {
    definition: ['slows', 'queries are planned with other knowledge about its columns'],
    target: ['slows', 'queries are planned from a larger or smaller sample'],
  },
}
