import { gone, hasAllPromised, isNew, isNow, type KindRules, unused, type ImpactVerdict } from './rule.js'

const otherValue: ImpactVerdict = ['weakens', 'it computes a different value than promised']
const otherPlan: ImpactVerdict = ['slows', 'different plans can use it']

export const routineRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: { definition: ['breaks', 'it may take, return or do something other than promised'] },
}

export const aggregateRules: KindRules = {
  missing: gone,
  unexpected: unused,
  changed: {
    kind: ['breaks', 'it must be called differently'],
    arguments: ['breaks', 'it must be called differently'],
    returns: ['breaks', 'its value is returned in a different form'],
    stateFunction: otherValue,
    stateType: otherValue,
    stateSpace: ['slows', 'queries are planned with a different estimate of memory'],
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

const otherEstimate: ImpactVerdict = ['slows', 'queries with it are planned differently']

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
  missing: ['slows', 'comparisons across its types cannot use an index'],
  unexpected: unused,
  changed: {
    members: {
      cases: [['all promised ones exist', hasAllPromised, ['harmless', 'more comparisons can use an index']]],
      otherwise: ['slows', 'comparisons can no longer use an index'],
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
    type: ['breaks', 'it applies to different values'],
    default: {
      cases: [['it is the default', isNow(true), otherComparison]],
      otherwise: ['breaks', 'values of the type cannot be ordered, grouped or indexed'],
    },
    family: ['slows', 'comparisons across types can no longer use an index, or different ones can'],
    storage: ['slows', 'indexes hold a different type'],
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
        ['weakens', 'PostgreSQL may choose different functions and operators, or find too many'],
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
          'it applies implicitly in fewer places',
          ({ expected, actual }) => castContextOrder.indexOf(actual) < castContextOrder.indexOf(expected),
          ['breaks', 'statements that rely on the implicit conversion fail'],
        ],
      ],
      otherwise: ['weakens', 'PostgreSQL may choose different functions and operators, or find too many'],
    },
    method: otherValue,
    function: otherValue,
  },
}

export const languageRules: KindRules = {
  missing: ['breaks', 'functions in it cannot be created'],
  unexpected: unused,
  changed: {
    handler: ['breaks', 'functions in it are run by a different handler'],
    inline: ['breaks', 'DO blocks in it fail, or are run by a different handler'],
    validator: [
      'weakens',
      'faulty functions are found only when they are called, or correct ones are refused',
    ],
    trusted: {
      cases: [['it is trusted', isNew, ['weakens', 'every role may write functions in it']]],
      otherwise: ['breaks', 'only superusers may write functions in it'],
    },
  },
}

export const transformRules: KindRules = {
  missing: ['breaks', 'functions get and return the value in a different form'],
  unexpected: ['weakens', 'functions that use it get and return the value in a different form'],
  changed: {
    type: ['breaks', 'functions get and return the value in a different form'],
    language: ['breaks', 'functions get and return the value in a different form'],
    fromSql: ['breaks', 'functions get the value in a different form'],
    toSql: ['breaks', 'functions return the value in a different form'],
  },
}

export const accessMethodRules: KindRules = {
  missing: ['breaks', 'tables or indexes cannot be created with it'],
  unexpected: unused,
  changed: {
    type: ['breaks', 'it is for tables instead of indexes, or the reverse'],
    handler: ['weakens', 'what it can do, and how fast, differs'],
  },
}

export const conversionRules: KindRules = {
  missing: {
    cases: [
      [
        'it is the default',
        (facts) => facts['default'] === true,
        ['breaks', 'clients of one encoding cannot be served in the other'],
      ],
    ],
    otherwise: gone,
  },
  unexpected: unused,
  changed: {
    source: ['weakens', 'it converts a different encoding'],
    target: ['weakens', 'it converts a different encoding'],
    function: ['weakens', 'it produces different text'],
    default: ['weakens', 'clients of one encoding get different text in the other, or none'],
  },
}
