import { type Catalog, type Facts, parseKey } from '../model/catalog.js'
import { preventsUpdates } from './published-tables.js'
import {
  type FactChange,
  hasAllPromised,
  type ImpactContext,
  isGone,
  isNow,
  type KindRules,
  type ImpactRule,
  unused,
  type ImpactVerdict,
} from './rule.js'

const otherOrigin: ImpactVerdict = ['breaks', 'rows come from a different place, or not at all']

export const foreignDataWrapperRules: KindRules = {
  missing: ['breaks', 'foreign tables of its servers fail'],
  unexpected: unused,
  changed: {
    handler: otherOrigin,
    validator: ['weakens', 'wrong options are accepted, or correct ones are refused'],
    options: otherOrigin,
  },
}

export const serverRules: KindRules = {
  missing: ['breaks', 'its foreign tables fail'],
  unexpected: unused,
  changed: { wrapper: otherOrigin, type: otherOrigin, version: otherOrigin, options: otherOrigin },
}

/** Whether at least as many mappings of the server are new as are missing. */
function hasMappingInstead(_: Facts, { key, expected, live }: ImpactContext): boolean {
  const server = `user_mapping:${parseKey(key).names[0]}.`
  const onlyIn = (one: Catalog, other: Catalog): number =>
    Object.keys(one).filter((each) => each.startsWith(server) && other[each] === undefined).length
  return onlyIn(live, expected) >= onlyIn(expected, live)
}

const unreadableOptions = '(not readable)'

export const userMappingRules: KindRules = {
  missing: {
    cases: [
      [
        'the server has a new mapping in its place',
        hasMappingInstead,
        ['harmless', 'roles have other names here: the mapping of another one is in its place'],
      ],
    ],
    otherwise: ['breaks', 'foreign tables of the server fail for the user'],
  },
  unexpected: ['harmless', 'the user reaches the foreign server too'],
  changed: {
    options: {
      cases: [
        [
          'one side was read by a role that may not see them',
          ({ expected, actual }) => expected === unreadableOptions || actual === unreadableOptions,
          ['harmless', 'only the user, the owner of the server and superusers see them: not compared'],
        ],
      ],
      otherwise: ['breaks', 'the user is a different one on the foreign server, or is refused'],
    },
  },
}

const fewerRows: ImpactVerdict = ['weakens', 'subscribers miss changes']
const moreRows: ImpactVerdict = ['weakens', 'subscribers get changes that are not meant for them']

const membersRule: ImpactRule<FactChange> = {
  cases: [['all promised ones exist', hasAllPromised, moreRows]],
  otherwise: fewerRows,
}

export const publicationRules: KindRules = {
  missing: fewerRows,
  unexpected: {
    cases: [
      [
        'it publishes updates or deletes of a promised table without a replica identity',
        preventsUpdates,
        ['weakens', 'updates and deletes of a published table without a replica identity fail'],
      ],
    ],
    otherwise: ['harmless', 'changes are published too, and all writes go on as before'],
  },
  changed: {
    allTables: { cases: [['it covers all tables', isNow(true), moreRows]], otherwise: fewerRows },
    tables: membersRule,
    schemas: membersRule,
    publish: {
      cases: [['it publishes all changes', isGone, moreRows]],
      otherwise: ['weakens', 'subscribers miss changes, or get different ones'],
    },
    viaRoot: [
      'weakens',
      'changes of partitions are published under a different table, with different filters',
    ],
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
          'all promised ones exist',
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
    slot: ['weakens', 'changes come from a different slot of the publisher, or from none'],
    binary: ['weakens', 'changes between tables of different types fail, or arrive slower'],
    streaming: otherTiming,
    synchronousCommit: ['weakens', 'received changes may be lost in a crash, or arrive slower'],
    twoPhase: ['weakens', 'prepared transactions arrive when they are prepared, or when they are committed'],
    disableOnError: ['weakens', 'after a conflict it stops, or retries forever'],
    passwordRequired: ['weakens', 'its owner may, or may not, connect without a password'],
    runAsOwner: ['weakens', 'changes are written with the privileges of a different role'],
    origin: ['weakens', 'changes from other origins arrive, or loop between servers'],
    failover: ['weakens', 'after a failover of the publisher it continues, or has lost its slot'],
  },
}

export const defaultPrivilegesRules: KindRules = {
  missing: ['weakens', 'new objects get different grants than promised'],
  unexpected: ['weakens', 'new objects get different grants than promised'],
  changed: {
    objects: ['weakens', 'they apply to different objects'],
    schema: ['weakens', 'they apply to a different schema'],
    role: ['weakens', 'they apply to objects that a different role creates'],
    grants: ['weakens', 'new objects get different grants than promised'],
  },
}
