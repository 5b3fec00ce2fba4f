import { gone, isNow, type KindRules, unloggedSequenceRule, unused } from './rule.js'

export const schemaRules: KindRules = { missing: gone, unexpected: unused, changed: {} }

export const extensionRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: {
    schema: ['harmless', 'it is the same extension, and what uses it is compared where it is'],
  },
}

export const sequenceRules: KindRules = {
  missing: ['breaks', 'defaults that use it fail'],
  unexpected: unused,
  changed: {
    type: ['harmless', 'its bounds are compared on their own'],
    start: ['harmless', 'only a restart uses it'],
    increment: ['weakens', 'it generates different values than promised'],
    min: ['weakens', 'it generates different values than promised'],
    max: {
      cases: [
        [
          'it is less',
          ({ expected, actual }) => BigInt(String(actual)) < BigInt(String(expected)),
          ['weakens', 'it ends earlier, and inserts fail from there on'],
        ],
      ],
      otherwise: ['harmless', 'it continues beyond its promised end'],
    },
    cache: ['harmless', 'only how many numbers a session reserves differs'],
    cycle: {
      cases: [
        ['it starts again at its end', isNow(true), ['weakens', 'it generates the same numbers again']],
      ],
      otherwise: ['weakens', 'inserts fail at its end'],
    },
    unlogged: unloggedSequenceRule,
    ownedBy: ['harmless', 'only the column it is dropped with differs'],
  },
}
