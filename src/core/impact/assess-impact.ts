import { type Catalog, parseKey, relationKeysOf } from '../model/catalog.js'
import type { Difference } from '../model/diff.js'
import { commentRules, databaseCommentRules, grantRules } from './annotations.js'
import { columnRules, domainRules } from './columns.js'
import { constraintRules, indexRules, statisticsRules } from './constraints-and-indexes.js'
import {
  baseTypeRules,
  collationRules,
  compositeRules,
  enumRules,
  rangeRules,
  textSearchConfigurationRules,
  textSearchDictionaryRules,
  textSearchParserRules,
  textSearchTemplateRules,
} from './data-types.js'
import {
  defaultPrivilegesRules,
  foreignDataWrapperRules,
  publicationRules,
  serverRules,
  subscriptionRules,
  userMappingRules,
} from './foreign-and-replication.js'
import {
  accessMethodRules,
  aggregateRules,
  castRules,
  conversionRules,
  languageRules,
  operatorClassRules,
  operatorFamilyRules,
  operatorRules,
  routineRules,
  transformRules,
} from './routines-and-operators.js'
import { belongsToRetiredPartition } from './retired-partitions.js'
import {
  type Impact,
  type ImpactContext,
  impacts,
  evaluateRule,
  type KindRules,
  unused,
  type ImpactVerdict,
  worstVerdict,
} from './rule.js'
import { extensionRules, schemaRules, sequenceRules } from './schemas-and-sequences.js'
import { settingRules } from './settings.js'
import { foreignTableRules, tableRules } from './tables.js'
import { eventTriggerRules, policyRules, ruleRules, triggerRules } from './triggers-and-policies.js'
import { materializedViewRules, viewRules } from './views.js'

export { type Impact, impacts } from './rule.js'

/** A difference with what it means. */
export type Finding = Difference & { readonly impact: Impact; readonly reason: string }

/** What a difference means, by kind, change and fact. Nothing else in the project knows that. */
export const impactRules: Readonly<Record<string, KindRules>> = {
  schema: schemaRules,
  extension: extensionRules,
  table: tableRules,
  foreign_table: foreignTableRules,
  column: columnRules,
  constraint: constraintRules,
  index: indexRules,
  trigger: triggerRules,
  rule: ruleRules,
  policy: policyRules,
  statistics: statisticsRules,
  view: viewRules,
  materialized_view: materializedViewRules,
  sequence: sequenceRules,
  function: routineRules,
  procedure: routineRules,
  aggregate: aggregateRules,
  enum: enumRules,
  domain: domainRules,
  composite: compositeRules,
  range: rangeRules,
  base_type: baseTypeRules,
  collation: collationRules,
  operator: operatorRules,
  operator_family: operatorFamilyRules,
  operator_class: operatorClassRules,
  cast: castRules,
  conversion: conversionRules,
  text_search_parser: textSearchParserRules,
  text_search_template: textSearchTemplateRules,
  text_search_dictionary: textSearchDictionaryRules,
  text_search_configuration: textSearchConfigurationRules,
  language: languageRules,
  transform: transformRules,
  access_method: accessMethodRules,
  event_trigger: eventTriggerRules,
  foreign_data_wrapper: foreignDataWrapperRules,
  server: serverRules,
  user_mapping: userMappingRules,
  publication: publicationRules,
  subscription: subscriptionRules,
  default_privileges: defaultPrivilegesRules,
  database_comment: databaseCommentRules,
  database_setting: settingRules,
  role_setting: settingRules,
}

/** What a difference means in the facts that objects of every kind can have. */
export const annotationRules: KindRules['changed'] = { ...commentRules, ...grantRules }

const unknownKind: ImpactVerdict = ['breaks', 'nothing is known about this kind of object']
const unknownFact: ImpactVerdict = ['breaks', 'nothing is known about this fact']
const retired: ImpactVerdict = [
  'harmless',
  'retention took it away: all partitions that are left are newer, or there is a default one',
]
const refersToKnownTable: ImpactVerdict = [
  'harmless',
  'this build does not use the table, but deleting rows that it refers to may be refused',
]

/**
 * What a difference means for code built for `expected`. What belongs to a table that this build does not know is harmless,
 * and so is a partition that retention took away. A kind or a fact without a rule breaks, because what could not be checked
 * is never ok.
 */
export function assessImpact(difference: Difference, expected: Catalog, live: Catalog): Finding {
  const [impact, reason] = verdictForDifference(difference, { key: difference.key, expected, live })
  return { ...difference, impact, reason }
}

/** The worst impact among findings; null for no findings. */
export function worstImpact(findings: readonly Finding[]): Impact | null {
  return impacts.find((impact) => findings.some((finding) => finding.impact === impact)) ?? null
}

function verdictForDifference(difference: Difference, context: ImpactContext): ImpactVerdict {
  const rules = impactRules[parseKey(difference.key).kind]
  if (rules === undefined) return unknownKind
  if (difference.change !== 'unexpected' && belongsToRetiredPartition(context)) return retired
  switch (difference.change) {
    case 'missing':
      return evaluateRule(rules.missing, difference.expected, context)
    case 'unexpected':
      if (!belongsToUnknownTable(context)) return evaluateRule(rules.unexpected, difference.actual, context)
      return difference.actual['type'] === 'foreign key' ? refersToKnownTable : unused
    case 'changed':
      return (
        worstVerdict(difference.facts.map((fact) => verdictForFact(fact, rules, difference, context))) ??
        unknownFact
      )
  }
}

function verdictForFact(
  fact: string,
  { changed }: KindRules,
  { expected: was, actual: is }: Extract<Difference, { change: 'changed' }>,
  context: ImpactContext,
): ImpactVerdict {
  const rule = changed[fact] ?? annotationRules[fact]
  return rule === undefined
    ? unknownFact
    : evaluateRule(rule, { expected: was[fact], actual: is[fact], was, is }, context)
}

function belongsToUnknownTable({ key, expected }: ImpactContext): boolean {
  const relations = relationKeysOf(key)
  return relations.length > 0 && relations.every((relation) => expected[relation] === undefined)
}
