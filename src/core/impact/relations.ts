import { plainDefaultRule, viewColumnsRule } from './columns.js'
import {
  type FactChange,
  gone,
  isGone,
  isNew,
  isNow,
  type KindRules,
  listOf,
  type ImpactRule,
  unused,
  type ImpactVerdict,
} from './rule.js'

const usedByQueries: ImpactVerdict = ['breaks', 'queries on it fail']
const otherParameters: ImpactVerdict = ['slows', 'space, vacuum or planning go by other parameters']
const otherAccessMethod: ImpactVerdict = ['weakens', 'what its storage is able to do, and how fast, differs']

const boundRule: ImpactRule<FactChange> = {
  cases: [
    ['it is no partition any more', isGone, ['breaks', 'the partitioned table has lost its rows']],
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

const tablePresenceRules: Pick<KindRules, 'missing' | 'unexpected'> = {
  missing: {
    cases: [
      [
        'it is a partition',
        ({ partition }) => partition !== undefined,
        ['breaks', 'rows of its bound find no partition, and queries on it fail'],
      ],
    ],
    otherwise: usedByQueries,
  },
  unexpected: {
    cases: [
      [
        'it is a partition',
        ({ partition }) => partition !== undefined,
        ['harmless', 'rows of its bound are stored in it and found as before'],
      ],
      [
        'it inherits from another table',
        ({ parents }) => parents !== undefined,
        ['weakens', 'queries on the parent find its rows as well'],
      ],
    ],
    otherwise: unused,
  },
}

export const tableRules: KindRules = {
  ...tablePresenceRules,
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
      otherwise: ['slows', 'writes go to the log as well'],
    },
    partitionedBy: {
      cases: [
        [
          'it is not partitioned any more',
          isGone,
          ['breaks', 'code that adds or drops partitions fails, and queries read all rows'],
        ],
      ],
      otherwise: ['breaks', 'rows may find no partition'],
    },
    partition: boundRule,
    parents: parentsRule,
    ofType: ['harmless', 'its columns are the same, which are objects of their own'],
    options: otherParameters,
    replicaIdentity: {
      cases: [
        [
          'it is NOTHING',
          isNow('nothing'),
          ['breaks', 'updates and deletes fail while a publication has the table'],
        ],
        [
          'it is FULL',
          isNow('full'),
          ['slows', 'the log has the whole old row, which subscribers search by'],
        ],
      ],
      otherwise: [
        'weakens',
        'subscribers get other columns of old rows; without a key updates of a published table fail',
      ],
    },
    accessMethod: otherAccessMethod,
  },
}

export const foreignTableRules: KindRules = {
  ...tablePresenceRules,
  changed: {
    server: ['breaks', 'its rows come from another server'],
    options: ['breaks', 'its rows come from another place'],
    partition: boundRule,
    parents: parentsRule,
  },
}

const definitionRule: ImpactRule<FactChange> = {
  cases: [
    [
      'the columns differ too',
      ({ was, is }) => JSON.stringify(was['columns']) !== JSON.stringify(is['columns']),
      ['harmless', 'with other columns the text is another one; the columns say what it means'],
    ],
  ],
  otherwise: ['weakens', 'it shows other rows or values than promised'],
}

export const viewRules: KindRules = {
  missing: usedByQueries,
  unexpected: unused,
  changed: {
    definition: definitionRule,
    columns: viewColumnsRule,
    defaults: plainDefaultRule,
    options: {
      cases: [
        [
          'it is a security_invoker',
          addsOption('security_invoker='),
          ['breaks', 'who uses it needs privileges on its tables: permission denied'],
        ],
        [
          'it checks what is written',
          addsOption('check_option='),
          ['breaks', 'writing rows that the view would not show is refused'],
        ],
      ],
      otherwise: ['weakens', 'who may see or write which rows through it is decided otherwise'],
    },
  },
}

export const materializedViewRules: KindRules = {
  missing: usedByQueries,
  unexpected: unused,
  changed: {
    definition: definitionRule,
    columns: viewColumnsRule,
    options: otherParameters,
    columnSettings: ['slows', 'its columns are stored or sampled otherwise'],
    accessMethod: otherAccessMethod,
    populated: {
      cases: [['it is not populated', isNow(false), ['breaks', 'queries on it fail until it is refreshed']]],
      otherwise: ['harmless', 'it was refreshed since'],
    },
  },
}

export const schemaRules: KindRules = { missing: gone, unexpected: unused, changed: {} }

export const extensionRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: { schema: ['breaks', 'its functions and types have other names, or are not in the search path'] },
}

export const sequenceRules: KindRules = {
  missing: ['breaks', 'defaults that draw from it fail'],
  unexpected: unused,
  changed: {
    type: ['harmless', 'how far it goes is said by its bounds'],
    start: ['harmless', 'only a restart begins there'],
    increment: ['weakens', 'it deals other values than promised'],
    min: ['weakens', 'it deals other values than promised'],
    max: {
      cases: [
        [
          'it is less',
          ({ expected, actual }) => BigInt(String(actual)) < BigInt(String(expected)),
          ['weakens', 'it ends sooner, and inserts fail from there on'],
        ],
      ],
      otherwise: ['harmless', 'it goes on where it was to end'],
    },
    cache: ['harmless', 'only how many numbers a session reserves differs'],
    cycle: {
      cases: [['it begins anew at its end', isNow(true), ['weakens', 'it deals the same numbers again']]],
      otherwise: ['weakens', 'inserts fail at its end'],
    },
    unlogged: {
      cases: [['it is unlogged', isNow(true), ['weakens', 'after a crash it deals the same numbers again']]],
      otherwise: ['harmless', 'it survives a crash'],
    },
    ownedBy: ['harmless', 'only with which column it is dropped differs'],
  },
}

function addsOption(option: string): (change: FactChange) => boolean {
  const has = (fact: FactChange['actual']): boolean => listOf(fact).some((text) => text.startsWith(option))
  return ({ expected, actual }) => has(actual) && !has(expected)
}
