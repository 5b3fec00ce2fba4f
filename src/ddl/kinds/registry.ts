import type { KindDdl } from '../object.js'
import { aggregateDdl } from './aggregate.js'
import { baseTypeDdl } from './base-type.js'
import { castDdl } from './cast.js'
import { collationDdl } from './collation.js'
import { columnDdl } from './column.js'
import { compositeDdl } from './composite.js'
import { constraintDdl } from './constraint.js'
import { conversionDdl, transformDdl } from './conversion.js'
import { defaultPrivilegesDdl } from './default-privileges.js'
import { domainDdl } from './domain.js'
import { enumDdl } from './enum.js'
import { eventTriggerDdl } from './event-trigger.js'
import { extensionDdl } from './extension.js'
import { foreignDataWrapperDdl, serverDdl, userMappingDdl } from './foreign-server.js'
import { foreignTableDdl } from './foreign-table.js'
import { indexDdl } from './indexes.js'
import { accessMethodDdl, languageDdl } from './language.js'
import { operatorClassDdl, operatorFamilyDdl } from './operator-class.js'
import { operatorDdl } from './operator.js'
import { policyDdl } from './policy.js'
import { publicationDdl } from './publication.js'
import { rangeDdl } from './range.js'
import { procedureDdl, functionDdl } from './routine.js'
import { ruleDdl } from './rule.js'
import { schemaDdl } from './schema.js'
import { sequenceDdl } from './sequence.js'
import { databaseCommentDdl, databaseSettingDdl, roleSettingDdl } from './setting.js'
import { statisticsDdl } from './statistics.js'
import { subscriptionDdl } from './subscription.js'
import { tableDdl } from './table.js'
import {
  textSearchConfigurationDdl,
  textSearchDictionaryDdl,
  textSearchParserDdl,
  textSearchTemplateDdl,
} from './text-search.js'
import { triggerDdl } from './trigger.js'
import { materializedViewDdl, viewDdl } from './view.js'

/** How each kind of object is written as SQL: one entry for each kind. */
export const ddlKinds: Readonly<Record<string, KindDdl>> = {
  sequence: sequenceDdl,
  table: tableDdl,
  column: columnDdl,
  constraint: constraintDdl,
  index: indexDdl,
  view: viewDdl,
  materialized_view: materializedViewDdl,
  function: functionDdl,
  procedure: procedureDdl,
  aggregate: aggregateDdl,
  enum: enumDdl,
  domain: domainDdl,
  composite: compositeDdl,
  range: rangeDdl,
  base_type: baseTypeDdl,
  operator: operatorDdl,
  operator_family: operatorFamilyDdl,
  operator_class: operatorClassDdl,
  cast: castDdl,
  conversion: conversionDdl,
  transform: transformDdl,
  collation: collationDdl,
  text_search_parser: textSearchParserDdl,
  text_search_template: textSearchTemplateDdl,
  text_search_dictionary: textSearchDictionaryDdl,
  text_search_configuration: textSearchConfigurationDdl,
  language: languageDdl,
  access_method: accessMethodDdl,
  schema: schemaDdl,
  extension: extensionDdl,
  trigger: triggerDdl,
  policy: policyDdl,
  rule: ruleDdl,
  event_trigger: eventTriggerDdl,
  statistics: statisticsDdl,
  publication: publicationDdl,
  subscription: subscriptionDdl,
  foreign_data_wrapper: foreignDataWrapperDdl,
  server: serverDdl,
  user_mapping: userMappingDdl,
  foreign_table: foreignTableDdl,
  default_privileges: defaultPrivilegesDdl,
  database_comment: databaseCommentDdl,
  database_setting: databaseSettingDdl,
  role_setting: roleSettingDdl,
}
