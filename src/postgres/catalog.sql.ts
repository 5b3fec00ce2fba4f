import pg from 'pg'
import { constraintsAndIndexes, tablesAndColumns, triggersAndPolicies } from './catalog-tables.sql.js'
import { routines, typesOfOurs } from './catalog-types.sql.js'
import { type Kept, type KindQuery, notOfExtension, userSchema } from './kind-query.js'

/** The definitions PostgreSQL prints must not depend on the session that asks. */
const canonicalSettings = [
  'set local search_path to pg_catalog',
  `set local datestyle to 'ISO, MDY'`,
  `set local timezone to 'UTC'`,
  `set local intervalstyle to 'postgres'`,
  'set local extra_float_digits to 1',
  `set local bytea_output to 'hex'`,
  `set local lc_monetary to 'C'`,
  'set local standard_conforming_strings to on',
  'set local quote_all_identifiers to off',
  'set local jit to off',
]

/** The statements that fix the session for one transaction or savepoint, to send before the catalog queries. */
export function canonicalSession(): string {
  return canonicalSettings.join(';\n')
}

/** The catalog queries in the order of their kinds; `skipped` are the tables left out wherever they are (ledgers). */
export function catalogQueries(skipped: readonly string[]): readonly KindQuery[] {
  const kept = (table: string): string =>
    `coalesce(${table}.relname, '') <> all (array[${skipped.map((name) => pg.escapeLiteral(name)).join(', ')}]::name[])`
  return [
    ...standalone(kept),
    ...tablesAndColumns(kept),
    ...constraintsAndIndexes(kept),
    ...triggersAndPolicies(kept),
    ...routines(),
    ...typesOfOurs(),
  ]
}

function standalone(kept: Kept): readonly KindQuery[] {
  return [
    {
      kind: 'schema',
      names: 1,
      sql: `select n.nspname from pg_namespace n
        where ${userSchema} and ${notOfExtension('pg_namespace', 'n.oid')}`,
    },
    {
      kind: 'extension',
      names: 1,
      sql: `select e.extname, n.nspname as schema
        from pg_extension e join pg_namespace n on n.oid = e.extnamespace`,
    },
    {
      kind: 'sequence',
      names: 2,
      sql: `select n.nspname, c.relname, format_type(s.seqtypid, null) as type,
          s.seqstart::text as start, s.seqincrement::text as increment, s.seqmin::text as min,
          s.seqmax::text as max, s.seqcache::text as cache, s.seqcycle as cycle,
          quote_ident(tn.nspname) || '.' || quote_ident(t.relname) || '.' || quote_ident(a.attname) as "ownedBy"
        from pg_sequence s
          join pg_class c on c.oid = s.seqrelid
          join pg_namespace n on n.oid = c.relnamespace
          left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid
            and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0 and d.deptype in ('a', 'i')
          left join pg_class t on t.oid = d.refobjid
          left join pg_namespace tn on tn.oid = t.relnamespace
          left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
        where ${userSchema} and d.deptype is distinct from 'i' and ${kept('t')}
          and ${notOfExtension('pg_class', 'c.oid')}`,
    },
    view('view', 'v'),
    view('materialized_view', 'm'),
  ]
}

function view(kind: string, relkind: string): KindQuery {
  return {
    kind,
    names: 2,
    sql: `select n.nspname, c.relname, pg_get_viewdef(c.oid) as definition, to_json(c.reloptions) as options
      from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind = '${relkind}' and ${userSchema} and ${notOfExtension('pg_class', 'c.oid')}`,
  }
}
