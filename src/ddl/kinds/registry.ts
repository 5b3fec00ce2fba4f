import type { KindDdl } from '../object.js'
import { aggregate } from './aggregate.js'
import { baseType } from './base-type.js'
import { cast } from './cast.js'
import { collation } from './collation.js'
import { column } from './column.js'
import { composite } from './composite.js'
import { constraint } from './constraint.js'
import { conversion, transform } from './conversion.js'
import { defaultPrivileges } from './default-privileges.js'
import { domain } from './domain.js'
import { enumeration } from './enum.js'
import { eventTrigger } from './event-trigger.js'
import { extension } from './extension.js'
import { foreignDataWrapper, server, userMapping } from './foreign-server.js'
import { foreignTable } from './foreign-table.js'
import { index } from './indexes.js'
import { accessMethod, language } from './language.js'
import { operatorClass, operatorFamily } from './operator-class.js'
import { operator } from './operator.js'
import { policy } from './policy.js'
import { publication } from './publication.js'
import { range } from './range.js'
import { procedure, routineFunction } from './routine.js'
import { rule } from './rule.js'
import { schema } from './schema.js'
import { sequence } from './sequence.js'
import { statistics } from './statistics.js'
import { subscription } from './subscription.js'
import { table } from './table.js'
import {
  textSearchConfiguration,
  textSearchDictionary,
  textSearchParser,
  textSearchTemplate,
} from './text-search.js'
import { trigger } from './trigger.js'
import { materializedView, view } from './view.js'

/** How every kind of object is written as SQL: one entry a kind. */
export const ddlKinds: Readonly<Record<string, KindDdl>> = {
  sequence,
  table,
  column,
  constraint,
  index,
  view,
  materialized_view: materializedView,
  function: routineFunction,
  procedure,
  aggregate,
  enum: enumeration,
  domain,
  composite,
  range,
  base_type: baseType,
  operator,
  operator_family: operatorFamily,
  operator_class: operatorClass,
  cast,
  conversion,
  transform,
  collation,
  text_search_parser: textSearchParser,
  text_search_template: textSearchTemplate,
  text_search_dictionary: textSearchDictionary,
  text_search_configuration: textSearchConfiguration,
  language,
  access_method: accessMethod,
  schema,
  extension,
  trigger,
  policy,
  rule,
  event_trigger: eventTrigger,
  statistics,
  publication,
  subscription,
  foreign_data_wrapper: foreignDataWrapper,
  server,
  user_mapping: userMapping,
  foreign_table: foreignTable,
  default_privileges: defaultPrivileges,
}
