import type { KindDdl } from './kind.js'
import { column } from './kinds/column.js'
import { constraint } from './kinds/constraint.js'
import { index } from './kinds/index.js'
import { sequence } from './kinds/sequence.js'
import { table } from './kinds/table.js'
import { materializedView, view } from './kinds/view.js'
import { aggregate } from './kinds/aggregate.js'
import { baseType } from './kinds/base-type.js'
import { cast } from './kinds/cast.js'
import { collation } from './kinds/collation.js'
import { composite } from './kinds/composite.js'
import { conversion, transform } from './kinds/conversion.js'
import { defaultPrivileges } from './kinds/default-privileges.js'
import { domain } from './kinds/domain.js'
import { enumeration } from './kinds/enum.js'
import { eventTrigger } from './kinds/event-trigger.js'
import { extension } from './kinds/extension.js'
import { foreignDataWrapper, server, userMapping } from './kinds/foreign-server.js'
import { foreignTable } from './kinds/foreign-table.js'
import { accessMethod, language } from './kinds/language.js'
import { operatorClass, operatorFamily } from './kinds/operator-class.js'
import { operator } from './kinds/operator.js'
import { policy } from './kinds/policy.js'
import { publication } from './kinds/publication.js'
import { range } from './kinds/range.js'
import { procedure, routineFunction } from './kinds/routine.js'
import { rule } from './kinds/rule.js'
import { schema } from './kinds/schema.js'
import { statistics } from './kinds/statistics.js'
import { subscription } from './kinds/subscription.js'
import {
  textSearchConfiguration,
  textSearchDictionary,
  textSearchParser,
  textSearchTemplate,
} from './kinds/text-search.js'
import { trigger } from './kinds/trigger.js'

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
