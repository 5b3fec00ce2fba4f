import { type Facts, schemaKeyOf } from '../model/catalog.js'
import { isPublished } from './published-tables.js'
import {
  type FactChange,
  type ImpactRule,
  isGone,
  isNew,
  isNow,
  type KindRules,
  listOf,
  otherAccessMethod,
  otherParameters,
  queriesFail,
  unused,
} from './rule.js'

const boundRule: ImpactRule<FactChange> = {
  cases: [
    ['it is no longer a partition', isGone, ['breaks', 'the partitioned table has lost its rows']],
    ['it became a partition', isNew, ['breaks', 'rows outside of its bound are refused']],
  ],
  otherwise: ['breaks', 'rows of the promised bound may find no partition'],
}

const parentsRule: ImpactRule<FactChange> = {
  cases: [
    [
      'a parent is gone',
      ({ expected, actual }) => listOf(expected).some((parent) => !listOf(actual).includes(parent)),
      ['breaks', 'queries on the parent do not find its rows'],
    ],
  ],
  otherwise: ['weakens', 'queries on the parent find its rows as well'],
}

const missingRule: ImpactRule<Facts> = {
  cases: [
    [
      'it is a partition',
      ({ partition }) => partition !== undefined,
      ['breaks', 'rows of its bound find no partition, and queries on it fail'],
    ],
  ],
  otherwise: queriesFail,
}

const unexpectedRule: ImpactRule<Facts> = {
  cases: [
    [
      'it is a partition',
      ({ partition }) => partition !== undefined,
      ['harmless', 'rows of its bound are stored in it and found as before'],
    ],
    [
      'it inherits from another table, in a schema of an extension',
      ({ parents }, { key, live }) => parents !== undefined && live[schemaKeyOf(key) ?? ''] === undefined,
      ['harmless', 'the extension keeps rows of the parent in it'],
    ],
    [
      'it inherits from another table',
      ({ parents }) => parents !== undefined,
      ['weakens', 'queries on the parent find its rows as well'],
    ],
  ],
  otherwise: unused,
}

export const tableRules: KindRules = {
  missing: missingRule,
  unexpected: unexpectedRule,
  changed: {
    rowSecurity: {
      cases: [['it is on', isNow(true), ['breaks', 'rows disappear for roles without a policy']]],
      otherwise: ['weakens', 'rows that policies hid are visible'],
    },
    forceRowSecurity: {
      cases: [['it is forced', isNow(true), ['breaks', 'rows disappear for the owner of the table']]],
      otherwise: ['weakens', 'policies do not apply to the owner of the table'],
    },
    unlogged: {
      cases: [
        ['it is unlogged', isNow(true), ['weakens', 'its rows are lost in a crash, and replicas have none']],
      ],
      otherwise: ['slows', 'writes go to the write-ahead log too'],
    },
    partitionedBy: {
      cases: [
        [
          'it is no longer partitioned',
          isGone,
          ['breaks', 'code that adds or drops partitions fails, and queries read all rows'],
        ],
      ],
      otherwise: ['breaks', 'rows may find no partition'],
    },
    partition: boundRule,
    parents: parentsRule,
    ofType: ['harmless', 'its columns are the same, and are compared on their own'],
    options: otherParameters,
    replicaIdentity: {
      cases: [
        [
          'it is FULL',
          isNow('full'),
          ['slows', 'the write-ahead log has the whole old row, and subscribers search by it'],
        ],
        [
          'no publication publishes updates or deletes of the table',
          (_, { key, live }) => !isPublished(key, live),
          ['harmless', 'nobody is told of old rows'],
        ],
        [
          'it is NOTHING',
          isNow('nothing'),
          ['breaks', 'updates and deletes fail while a publication has the table'],
        ],
      ],
      otherwise: [
        'weakens',
        'subscribers get different columns of old rows; without a key, updates of a published table fail',
      ],
    },
    accessMethod: otherAccessMethod,
  },
}

export const foreignTableRules: KindRules = {
  missing: missingRule,
  unexpected: unexpectedRule,
  changed: {
    server: ['breaks', 'its rows come from a different server'],
    options: ['breaks', 'its rows come from a different place'],
    partition: boundRule,
    parents: parentsRule,
  },
}
