import {
  type FactChange,
  hasAllPromised,
  isGone,
  isNow,
  type KindRules,
  type ImpactRule,
  unused,
  type ImpactVerdict,
} from './rule.js'

const otherOrigin: ImpactVerdict = ['breaks', 'rows come from another place, or no longer']

export const foreignDataWrapperRules: KindRules = {
  missing: ['breaks', 'foreign tables of its servers fail'],
  unexpected: unused,
  changed: {
    handler: otherOrigin,
    validator: ['weakens', 'faulty options are accepted, or others are refused'],
    options: otherOrigin,
  },
}

export const serverRules: KindRules = {
  missing: ['breaks', 'its foreign tables fail'],
  unexpected: unused,
  changed: { wrapper: otherOrigin, type: otherOrigin, version: otherOrigin, options: otherOrigin },
}

const unreadableOptions = '(not readable)'

export const userMappingRules: KindRules = {
  missing: ['breaks', 'foreign tables of the server fail for the user'],
  unexpected: ['weakens', 'the user reaches the foreign server'],
  changed: {
    options: {
      cases: [
        [
          'a role that read it may not see them',
          ({ expected, actual }) => expected === unreadableOptions || actual === unreadableOptions,
          [
            'harmless',
            'only the user himself, the owner of the server and superusers see them: not compared',
          ],
        ],
      ],
      otherwise: ['breaks', 'the user is another one on the foreign server, or refused'],
    },
  },
}

const fewerRows: ImpactVerdict = ['weakens', 'subscribers miss changes']
const moreRows: ImpactVerdict = ['weakens', 'subscribers get changes that are not meant for them']

const membersRule: ImpactRule<FactChange> = {
  cases: [['all promised ones are there', hasAllPromised, moreRows]],
  otherwise: fewerRows,
}

export const publicationRules: KindRules = {
  missing: fewerRows,
  unexpected: [
    'weakens',
    'changes leave the database; updates fail on its tables that have no replica identity',
  ],
  changed: {
    allTables: { cases: [['it has all tables', isNow(true), moreRows]], otherwise: fewerRows },
    tables: membersRule,
    schemas: membersRule,
    publish: {
      cases: [['it publishes all changes', isGone, moreRows]],
      otherwise: ['weakens', 'subscribers miss changes, or get others'],
    },
    viaRoot: ['weakens', 'changes of partitions come under another table, and with other filters'],
    generatedColumns: ['weakens', 'subscribers get generated columns, or miss them'],
  },
}

const changesStop: ImpactVerdict = ['weakens', 'changes of the publisher no longer arrive']
const otherTiming: ImpactVerdict = ['slows', 'changes arrive earlier or later']

export const subscriptionRules: KindRules = {
  missing: changesStop,
  unexpected: ['weakens', 'changes of a publisher are written to tables of this database'],
  changed: {
    publications: {
      cases: [
        [
          'all promised ones are there',
          hasAllPromised,
          ['weakens', 'changes of other publications are written to tables of this database'],
        ],
      ],
      otherwise: changesStop,
    },
    enabled: {
      cases: [['it is disabled', isNow(false), changesStop]],
      otherwise: ['weakens', 'changes of the publisher arrive where none were promised'],
    },
    slot: ['weakens', 'changes come from another slot of the publisher, or from none'],
    binary: ['weakens', 'changes between tables of different types fail, or arrive slower'],
    streaming: otherTiming,
    synchronousCommit: ['weakens', 'what has arrived may be lost in a crash, or arrives slower'],
    twoPhase: ['weakens', 'prepared transactions arrive when they are prepared, or when they are committed'],
    disableOnError: ['weakens', 'after a conflict it stops for good, or tries for ever'],
    passwordRequired: ['weakens', 'its owner may, or may not, connect without a password'],
    runAsOwner: ['weakens', 'changes are written with the privileges of another role'],
    origin: ['weakens', 'changes that come from elsewhere arrive, or go in circles'],
    failover: ['weakens', 'after a failover of the publisher it goes on, or has lost its slot'],
  },
}

export const defaultPrivilegesRules: KindRules = {
  missing: ['weakens', 'what is made from now on has other grants than promised'],
  unexpected: ['weakens', 'what is made from now on has other grants than promised'],
  changed: {
    objects: ['weakens', 'they are for other objects'],
    schema: ['weakens', 'they are for another schema'],
    role: ['weakens', 'they are for what another role makes'],
    grants: ['weakens', 'what is made from now on has other grants than promised'],
  },
}
