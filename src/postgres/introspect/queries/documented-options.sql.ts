import { sortedList } from './expressions.sql.js'

/*
 * A server may keep entries of its own in the option arrays of its catalogs: some minor releases do. Only what PostgreSQL
 * documents is a fact. Access methods and operator classes of extensions document options of their own, so all of theirs are.
 */

const columnOptions = ['n_distinct', 'n_distinct_inherited']

const vacuumOptions = [
  'autovacuum_enabled',
  'autovacuum_parallel_workers',
  'autovacuum_vacuum_threshold',
  'autovacuum_vacuum_max_threshold',
  'autovacuum_vacuum_scale_factor',
  'autovacuum_vacuum_insert_threshold',
  'autovacuum_vacuum_insert_scale_factor',
  'autovacuum_vacuum_cost_delay',
  'autovacuum_vacuum_cost_limit',
  'autovacuum_freeze_min_age',
  'autovacuum_freeze_max_age',
  'autovacuum_freeze_table_age',
  'autovacuum_multixact_freeze_min_age',
  'autovacuum_multixact_freeze_max_age',
  'autovacuum_multixact_freeze_table_age',
  'log_autovacuum_min_duration',
  'vacuum_index_cleanup',
  'vacuum_max_eager_freeze_failure_rate',
  'vacuum_truncate',
]

const tableOptions = [
  ...vacuumOptions,
  'autovacuum_analyze_threshold',
  'autovacuum_analyze_scale_factor',
  'fillfactor',
  'log_autoanalyze_min_duration',
  'parallel_workers',
  'toast_tuple_target',
  'user_catalog_table',
]

const viewOptions = ['check_option', 'security_barrier', 'security_invoker']

const indexOptions = [
  'autosummarize',
  'buffering',
  'deduplicate_items',
  'fastupdate',
  'fillfactor',
  'gin_pending_list_limit',
  'pages_per_range',
]

/** Of the operator classes of PostgreSQL and its additional modules. */
const operatorClassOptions = [
  'false_positive_rate',
  'n_distinct_per_range',
  'numranges',
  'siglen',
  'values_per_range',
]

function isDocumented(option: string, names: readonly string[]): string {
  return `split_part(${option}, '=', 1) in (${names.map((name) => `'${name}'`).join(', ')})`
}

function documented(array: string, names: readonly string[]): string {
  return `case when ${array} is not null then array(select o from unnest(${array}) o where ${isDocumented('o', names)}) end`
}

/** The documented ones of an array of options, sorted; null for none. */
function documentedList(array: string, names: readonly string[]): string {
  return `case when ${array} is not null then
    (select json_agg(o order by o collate "C") from unnest(${array}) o where ${isDocumented('o', names)}) end`
}

/** Objects below this oid are PostgreSQL's own. */
const firstOwnOid = 16_384

/** The options of a column `a`, as SET takes them. */
export const columnOptionList = documentedList('a.attoptions', columnOptions)

/** The same, as an array. */
export const columnOptionArray = documented('a.attoptions', columnOptions)

/** The options of a view `c`, as WITH takes them. */
export const viewOptionList = documentedList('c.reloptions', viewOptions)

/** The storage parameters of a table `c` and of its TOAST table, as WITH takes them. */
export const tableOptionList = `(select json_agg(o order by o collate "C") from (
  select o from unnest(c.reloptions) o where c.relam >= ${firstOwnOid} or ${isDocumented('o', tableOptions)} union all
  select 'toast.' || o from pg_class tc cross join unnest(tc.reloptions) o
    where tc.oid = c.reltoastrelid and ${isDocumented('o', vacuumOptions)}) as all_options(o))`

/** The storage parameters of an index `i`. */
export const indexOptionList = `case when i.relam >= ${firstOwnOid} then ${sortedList('i.reloptions')}
  else ${documentedList('i.reloptions', indexOptions)} end`

/** Whether an operator class has options: the function that declares them takes `internal` and returns nothing. */
const hasOptions = `exists (select from pg_opclass oc
    join pg_amproc ap on ap.amprocfamily = oc.opcfamily and ap.amproclefttype = oc.opcintype
    join pg_proc af on af.oid = ap.amproc and af.prorettype = 'void'::regtype
  where oc.oid = x.indclass[a.attnum - 1])`

/** The names of all options in the definition of an index `i` (pg_index `x`) that nobody documents, as a pattern. */
const undocumentedIndexOptions = `(select string_agg(distinct quote_ident(split_part(o, '=', 1)), '|') from (
    select o from unnest(i.reloptions) o where i.relam < ${firstOwnOid} and not ${isDocumented('o', indexOptions)} union all
    select o from pg_attribute a cross join unnest(a.attoptions) o
      where a.attrelid = i.oid and a.attnum <= x.indnkeyatts and not ${isDocumented('o', operatorClassOptions)}
        and (x.indclass[a.attnum - 1] < ${firstOwnOid} or o ~ '^pg_' or not ${hasOptions})) as all_options(o)
  where o ~ '^\\w+=')`

const option = String.raw`(?:' || u.names || ')=(?:''(?:[^'']|'''')*''|\w+)`

/**
 * The definition of an index `i` (pg_index `x`) without options that nobody documents: pg_get_indexdef() prints all.
 * `has_column_options` says whether a column has any.
 */
export function indexDefinition(hasColumnOptions: string): string {
  return `case when i.reloptions is null and not ${hasColumnOptions} then pg_get_indexdef(x.indexrelid) else
    (select case when u.names is null then pg_get_indexdef(x.indexrelid) else regexp_replace(pg_get_indexdef(x.indexrelid),
        '( WITH)? \\(${option}(?:, ${option})*\\)|${option}, |, ${option}', '', 'g') end
      from ${undocumentedIndexOptions} u(names)) end`
}
