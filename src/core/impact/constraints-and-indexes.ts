import { type Fact, type Facts, parseKey } from '../model/catalog.js'
import {
  type FactChange,
  type ImpactContext,
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

/** The triggers by which PostgreSQL enforces a constraint. In replica sessions only, or never, they do nothing here. */
function switchedRule(whenOff: string): ImpactRule<FactChange> {
  return {
    cases: [
      ['they are off', ({ actual }) => isOff(actual), ['weakens', whenOff]],
      ['they were off', ({ expected }) => isOff(expected), rowsRefused],
    ],
    otherwise: ['harmless', 'only whether replicated changes are checked as well differs'],
  }
}

function isOff(states: Fact | undefined): boolean {
  return /disabled|replica/.test(String(states))
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
    checkTriggers: switchedRule('rows that it forbids can be stored: its triggers on this table are off'),
    actionTriggers: switchedRule(
      'rows that others refer to can be deleted, and nothing is cascaded: its triggers on the referenced table are off',
    ),
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

export const statisticsRules: KindRules = {
  missing: ['slows', 'queries are planned as if its columns were independent'],
  unexpected: unused,
  changed: {
    definition: ['slows', 'queries are planned with different knowledge of its columns'],
    target: ['slows', 'queries are planned from a larger or smaller sample'],
  },
}
