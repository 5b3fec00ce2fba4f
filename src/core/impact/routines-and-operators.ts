import { gone, hasAllPromised, isNew, isNow, type KindRules, unused, type ImpactVerdict } from './rule.js'

const otherValue: ImpactVerdict = ['weakens', 'it computes another value than promised']
const otherPlan: ImpactVerdict = ['slows', 'it can be used by other plans only']

export const routineRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: { definition: ['breaks', 'it may take, return or do something else than promised'] },
}

export const aggregateRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: {
    kind: ['breaks', 'it must be called otherwise'],
    arguments: ['breaks', 'it must be called otherwise'],
    returns: ['breaks', 'its value comes back in another form'],
    stateFunction: otherValue,
    stateType: otherValue,
    stateSpace: ['slows', 'queries are planned with another need of memory'],
    initial: otherValue,
    final: otherValue,
    finalExtra: otherValue,
    finalModify: otherPlan,
    combine: otherPlan,
    serial: otherPlan,
    deserial: otherPlan,
    movingStateFunction: otherPlan,
    movingInverse: otherPlan,
    movingStateType: otherPlan,
    movingStateSpace: otherPlan,
    movingInitial: otherPlan,
    movingFinal: otherPlan,
    movingFinalExtra: otherPlan,
    movingFinalModify: otherPlan,
    sortOperator: otherPlan,
    parallel: otherPlan,
  },
}

const otherEstimate: ImpactVerdict = ['slows', 'queries with it are planned otherwise']

export const operatorRules: KindRules = {
  missing: ['breaks', 'queries with it fail'],
  unexpected: unused,
  changed: {
    function: otherValue,
    commutator: otherEstimate,
    negator: otherEstimate,
    restrict: otherEstimate,
    join: otherEstimate,
    hashes: otherEstimate,
    merges: otherEstimate,
  },
}

export const operatorFamilyRules: KindRules = {
  missing: ['slows', 'indexes cannot be used across the types it brings together'],
  unexpected: unused,
  changed: {
    members: {
      cases: [
        ['all promised ones are there', hasAllPromised, ['harmless', 'more comparisons can use an index']],
      ],
      otherwise: ['slows', 'comparisons can use an index no longer'],
    },
  },
}

const otherComparison: ImpactVerdict = ['weakens', 'order and equality in indexes differ']

export const operatorClassRules: KindRules = {
  missing: {
    cases: [
      [
        'it is the default of its type',
        (facts) => facts['default'] === true,
        ['breaks', 'values of the type cannot be ordered, grouped or indexed'],
      ],
    ],
    otherwise: ['slows', 'indexes with it cannot be built'],
  },
  unexpected: unused,
  changed: {
    type: ['breaks', 'it is for other values'],
    default: {
      cases: [['it is the default', isNow(true), otherComparison]],
      otherwise: ['breaks', 'values of the type cannot be ordered, grouped or indexed'],
    },
    family: ['slows', 'comparisons across types can use an index no longer, or others can'],
    storage: ['slows', 'indexes hold another type'],
    operators: otherComparison,
    functions: otherComparison,
  },
}

const castContextOrder: readonly unknown[] = [undefined, 'assignment', 'implicit']

export const castRules: KindRules = {
  missing: ['breaks', 'converting the one type to the other fails'],
  unexpected: {
    cases: [
      [
        'it is implicit',
        ({ context }) => context === 'implicit',
        ['weakens', 'PostgreSQL may choose other functions and operators, or find too many'],
      ],
    ],
    otherwise: unused,
  },
  changed: {
    source: otherValue,
    target: otherValue,
    context: {
      cases: [
        [
          'it applies by itself in fewer places',
          ({ expected, actual }) => castContextOrder.indexOf(actual) < castContextOrder.indexOf(expected),
          ['breaks', 'statements that leave the conversion to PostgreSQL fail'],
        ],
      ],
      otherwise: ['weakens', 'PostgreSQL may choose other functions and operators, or find too many'],
    },
    method: otherValue,
    function: otherValue,
  },
}

export const languageRules: KindRules = {
  missing: ['breaks', 'functions in it cannot be made'],
  unexpected: unused,
  changed: {
    handler: ['breaks', 'functions in it are run by something else'],
    inline: ['breaks', 'DO blocks in it fail, or are run by something else'],
    validator: ['weakens', 'faulty functions are found when they are called, or others are refused'],
    trusted: {
      cases: [['it is trusted', isNew, ['weakens', 'every role may write functions in it']]],
      otherwise: ['breaks', 'only superusers may write functions in it'],
    },
  },
}

export const transformRules: KindRules = {
  missing: ['breaks', 'functions get and return the value in another form'],
  unexpected: ['weakens', 'functions that ask for it get and return the value in another form'],
  changed: {
    type: ['breaks', 'functions get and return the value in another form'],
    language: ['breaks', 'functions get and return the value in another form'],
    fromSql: ['breaks', 'functions get the value in another form'],
    toSql: ['breaks', 'functions return the value in another form'],
  },
}

export const accessMethodRules: KindRules = {
  missing: ['breaks', 'tables or indexes cannot be made with it'],
  unexpected: unused,
  changed: {
    type: ['breaks', 'it is for tables instead of indexes, or the other way round'],
    handler: ['weakens', 'what it is able to do, and how fast, differs'],
  },
}

export const conversionRules: KindRules = {
  missing: {
    cases: [
      [
        'it is the default',
        (facts) => facts['default'] === true,
        ['breaks', 'clients with the one encoding cannot be served in the other'],
      ],
    ],
    otherwise: gone,
  },
  unexpected: unused,
  changed: {
    source: ['weakens', 'it is for texts of another encoding'],
    target: ['weakens', 'it is for texts of another encoding'],
    function: ['weakens', 'it makes other texts'],
    default: ['weakens', 'clients with the one encoding get other texts in the other, or none'],
  },
}
