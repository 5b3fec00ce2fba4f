import { type Fact, type Facts } from '../model/catalog.js'
import {
  type FactChange,
  gone,
  hasOnlyPromised,
  type ImpactRule,
  type ImpactVerdict,
  isGone,
  isNew,
  isNow,
  type KindRules,
  otherDefault,
  otherOrder,
  plainDefaultRule,
  unloggedSequenceRule,
  unused,
  validityRule,
} from './rule.js'
import { type TypeChange, compareTypes } from './type-change.js'

/** The type of a column or a domain. */
const typeRule: ImpactRule<FactChange> = {
  cases: [
    [
      'it holds more: integer for smallint, text for character varying, a greater length',
      isTypeChange('wider'),
      ['harmless', 'every promised value fits and is returned unchanged'],
    ],
    [
      'it holds more and is returned as text: bigint or numeric for integer',
      isTypeChange('wider as text'),
      ['weakens', 'every promised value fits, but node-postgres returns a string instead of a number'],
    ],
    [
      'it holds more and has more decimals',
      isTypeChange('wider with more digits'),
      ['weakens', 'every promised value fits, but is returned with more decimals'],
    ],
  ],
  otherwise: ['breaks', 'values of the promised type may not fit, or are returned in a different form'],
}

/** Whether a column or a domain takes null. */
const nullableRule: ImpactRule<FactChange> = {
  cases: [['it is NOT NULL', isNow(false), ['breaks', 'inserts of null fail']]],
  otherwise: ['weakens', 'nulls can be stored where the code expects none'],
}

const defaultRule: ImpactRule<FactChange> = {
  cases: [
    [
      'an identity or a generated expression replaces it, or was replaced by it',
      (change) => (isGone(change) && isComputed(change.is)) || (isNew(change) && isComputed(change.was)),
      ['harmless', 'the value is generated either way'],
    ],
    [
      'it is gone, and the column is NOT NULL',
      (change) => isGone(change) && change.is['nullable'] === false,
      ['breaks', 'inserts that omit it fail'],
    ],
    ['it is gone', isGone, ['weakens', 'rows inserted without a value get null']],
    [
      'there was none, and the column was promised NOT NULL',
      (change) => isNew(change) && change.was['nullable'] === false,
      ['harmless', 'inserts always give a value'],
    ],
  ],
  otherwise: otherDefault,
}

const valueRefused: ImpactVerdict = ['breaks', 'inserts and updates that give a value fail']

const identityRule: ImpactRule<FactChange> = {
  cases: [
    ['it is ALWAYS', isNow('always'), valueRefused],
    [
      'it is gone, and the column has a default',
      (change) => isGone(change) && change.is['default'] !== undefined,
      ['harmless', 'the value is generated either way'],
    ],
    ['it is gone', isGone, ['breaks', 'inserts that omit it fail']],
    [
      'there was none',
      isNew,
      ['harmless', 'inserts that give a value still work, and others get a generated one'],
    ],
  ],
  otherwise: ['weakens', 'inserts can store values that the sequence generates later'],
}

const generatedRule: ImpactRule<FactChange> = {
  cases: [
    ['there was none', isNew, valueRefused],
    ['it is gone', isGone, ['breaks', 'its value is no longer computed']],
    [
      'the same expression, stored instead of virtual or the reverse',
      ({ expected, actual }) => expressionOf(expected) === expressionOf(actual),
      ['slows', 'it is computed at a different time, and a virtual column cannot be indexed'],
    ],
  ],
  otherwise: ['weakens', 'its values differ from the promised ones'],
}

export const columnRules: KindRules = {
  missing: ['breaks', 'queries that name it fail'],
  unexpected: {
    cases: [
      ['it is NOT NULL without a default', isRequiredOnInsert, ['breaks', 'inserts that omit it fail']],
    ],
    otherwise: ['harmless', 'inserts may omit it'],
  },
  changed: {
    type: typeRule,
    nullable: nullableRule,
    default: defaultRule,
    identity: identityRule,
    identityOptions: ['weakens', 'it generates different numbers than promised'],
    identitySequence: [
      'weakens',
      'statements that name its sequence, such as setval, do not find it or change a different one',
    ],
    identityUnlogged: unloggedSequenceRule,
    generated: generatedRule,
    valid: validityRule,
    notNullNoInherit: {
      cases: [['it is not inherited', isNow(true), ['weakens', 'child tables may store nulls']]],
      otherwise: ['breaks', 'inserts of null into child tables fail'],
    },
    notNullName: ['harmless', 'only statements that name the constraint do not find it'],
    collation: otherOrder,
    storage: ['harmless', 'only the storage of long values differs'],
    compression: ['harmless', 'only the storage of long values differs'],
    statistics: ['slows', 'queries are planned from a larger or smaller sample'],
    options: ['slows', 'queries are planned with different estimates of distinct values'],
    fdwOptions: ['breaks', 'it maps to a different column of the foreign server'],
  },
}

function isTypeChange(wanted: TypeChange): (change: FactChange) => boolean {
  return ({ expected, actual }) => compareTypes(String(expected), String(actual)) === wanted
}

function isRequiredOnInsert(facts: Facts): boolean {
  return facts['nullable'] === false && facts['default'] === undefined && !isComputed(facts)
}

function isComputed({ identity, generated }: Facts): boolean {
  return identity !== undefined || generated !== undefined
}

function expressionOf(generated: Fact | undefined): string {
  return String(generated).replace(/^(?:stored|virtual): /, '')
}

/** A domain checks values like a column, for every column of its type. */
export const domainRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: {
    type: typeRule,
    nullable: nullableRule,
    default: plainDefaultRule,
    collation: otherOrder,
    constraints: {
      cases: [['none is new', hasOnlyPromised, ['weakens', 'values that it forbids can be stored']]],
      otherwise: ['breaks', 'values that this build may write are refused'],
    },
  },
}
