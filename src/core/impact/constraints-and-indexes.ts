import { type Fact, type Facts, parseKey, tableKeyOf } from '../model/catalog.js'
import { isTriggerOfTool } from './tool-triggers.js'
import {
  type FactChange,
  type ImpactContext,
  isNow,
  type KindRules,
  type ImpactRule,
  type RuleCase,
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
const onlyClusterOrder: ImpactVerdict = [
  'harmless',
  'only the order in which CLUSTER writes the table differs',
]
const otherStorage: ImpactVerdict = ['slows', 'its size or its maintenance differs']

const isUniqueKey = ({ type }: { readonly type?: unknown }): boolean =>
  type === 'primary key' || type === 'unique'

function stripEnforcement(definition: Fact | undefined): string {
  return String(definition).replace(/ NOT ENFORCED$/, '')
}

export const constraintRules: KindRules = {
  missing: {
    cases: [
      ['it is not enforced', ({ enforced }) => enforced === false, ['harmless', 'it enforced nothing']],
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
      ['it is not enforced', ({ enforced }) => enforced === false, ['harmless', 'it enforces nothing']],
      ['it is a primary key or unique', isUniqueKey, refusedAsDuplicate],
    ],
    otherwise: rowsRefused,
  },
  changed: {
    type: ['breaks', 'it refuses different rows than promised'],
    definition: {
      cases: [
        [
          'only whether it is enforced differs',
          ({ expected, actual }) => stripEnforcement(expected) === stripEnforcement(actual),
          ['harmless', 'whether it is enforced is compared on its own'],
        ],
      ],
      otherwise: ['breaks', 'it refuses different rows than promised'],
    },
    valid: validityRule,
    enforced: {
      cases: [['it is not enforced', isNow(false), ['weakens', 'rows that it forbids can be stored']]],
      otherwise: rowsRefused,
    },
    parent: [
      'harmless',
      'it forbids the same rows, alone or as part of the constraint of the partitioned table',
    ],
    options: otherStorage,
    clustered: onlyClusterOrder,
  },
}

/** Whether a valid, promised index or key of the table has the same columns in the same way. */
function repeatsPromisedKey(
  { unique, valid, definition }: Facts,
  { key, expected, live }: ImpactContext,
): boolean {
  const table = parseKey(key).names.slice(0, 2).join('.')
  if (unique !== true || valid !== true) return false
  const [, how] = / USING btree (.*)$/s.exec(String(definition)) ?? []
  return Object.entries(live).some(([other, facts]) => {
    if (expected[other] === undefined || facts['valid'] === false) return false
    if (other.startsWith(`constraint:${table}.`))
      return isUniqueKey(facts) && String(facts['definition']).replace(/^(?:PRIMARY KEY|UNIQUE) /, '') === how
    return (
      other.startsWith(`index:${table}.`) &&
      facts['unique'] === true &&
      how !== undefined &&
      String(facts['definition']).endsWith(` USING btree ${how}`)
    )
  })
}

export const indexRules: KindRules = {
  missing: {
    cases: [['it is unique', ({ unique }) => unique === true, duplicatesAllowed]],
    otherwise: ['slows', 'queries that need it scan the table'],
  },
  unexpected: {
    cases: [
      [
        'it is unique, and a promised index or key refuses the same rows',
        repeatsPromisedKey,
        ['harmless', 'it refuses no row that is not refused anyway'],
      ],
      ['it is unique', ({ unique }) => unique === true, refusedAsDuplicate],
    ],
    otherwise: unused,
  },
  changed: {
    definition: {
      cases: [
        [
          'it is unique, as promised',
          ({ was, is }) => was['unique'] === true && is['unique'] === true,
          ['breaks', 'it refuses different rows as duplicates than promised'],
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
          [
            'weakens',
            'existing rows may be duplicates, upserts that rely on it fail, and queries do not use it',
          ],
        ],
        ['it is invalid', isNow(false), ['slows', 'queries do not use it']],
      ],
      otherwise: ['harmless', 'it has been built since'],
    },
    parent: ['slows', 'it became part of the index of the partitioned table, or no longer is'],
    clustered: onlyClusterOrder,
    statistics: ['slows', 'queries are planned from a larger or smaller sample'],
  },
}

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
  changed: { definition: ['weakens', 'writes do something other than promised'], enabled: enabledRule },
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

export const statisticsRules: KindRules = {
  missing: ['slows', 'queries are planned as if its columns were independent'],
  unexpected: unused,
  changed: {
    definition: ['slows', 'queries are planned with different knowledge of its columns'],
    target: ['slows', 'queries are planned from a larger or smaller sample'],
  },
}
