import pg from 'pg'

/**
 * How one kind of object is read. The first `names` columns are the parts of its key, every further column is a fact
 * named as the column; a fact that is null is left out. Adding a kind is one entry here.
 */
export interface KindQuery {
  readonly kind: string
  readonly names: 1 | 2 | 3
  readonly sql: string
}

const userSchema = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`

/** The definitions PostgreSQL prints must not depend on the session that asks. */
const canonicalSettings = [
  'set local search_path to pg_catalog',
  `set local datestyle to 'ISO, MDY'`,
  `set local timezone to 'UTC'`,
  `set local intervalstyle to 'postgres'`,
  'set local extra_float_digits to 1',
  `set local bytea_output to 'hex'`,
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
  return [...standalone(kept), ...ofTables(kept), ...routines(), ...typesOfOurs()]
}

function notOfExtension(catalog: string, oid: string): string {
  return `not exists (select from pg_depend e
    where e.classid = '${catalog}'::regclass and e.objid = ${oid} and e.deptype = 'e')`
}

type Kept = (table: string) => string

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

function ofTables(kept: Kept): readonly KindQuery[] {
  const tables = `c.relkind in ('r', 'p', 'f') and ${userSchema} and ${kept('c')} and ${notOfExtension('pg_class', 'c.oid')}`
  return [
    {
      kind: 'table',
      names: 2,
      sql: `select n.nspname, c.relname, c.relrowsecurity as "rowSecurity",
          c.relforcerowsecurity as "forceRowSecurity", nullif(c.relpersistence = 'u', false) as unlogged
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where ${tables}`,
    },
    {
      kind: 'column',
      names: 3,
      sql: `select n.nspname, c.relname, a.attname,
          format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable,
          case when a.attgenerated = '' then pg_get_expr(d.adbin, d.adrelid) end as default,
          case a.attidentity when 'a' then 'always' when 'd' then 'by default' end as identity,
          case a.attgenerated when 's' then 'stored: ' when 'v' then 'virtual: ' end
            || pg_get_expr(d.adbin, d.adrelid) as generated,
          case when a.attcollation <> y.typcollation
            then quote_ident(ln.nspname) || '.' || quote_ident(l.collname) end as collation
        from pg_attribute a
          join pg_class c on c.oid = a.attrelid
          join pg_namespace n on n.oid = c.relnamespace
          join pg_type y on y.oid = a.atttypid
          left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
          left join pg_collation l on l.oid = a.attcollation
          left join pg_namespace ln on ln.oid = l.collnamespace
        where a.attnum > 0 and not a.attisdropped and ${tables}`,
    },
    {
      // 18 lists NOT NULL as constraints of their own ('n'): the column says it on every version.
      kind: 'constraint',
      names: 3,
      sql: `select n.nspname, c.relname, k.conname,
          case k.contype when 'p' then 'primary key' when 'u' then 'unique' when 'f' then 'foreign key'
            when 'c' then 'check' when 'x' then 'exclude' end as type,
          pg_get_constraintdef(k.oid) as definition, k.convalidated as valid
        from pg_constraint k
          join pg_class c on c.oid = k.conrelid
          join pg_namespace n on n.oid = c.relnamespace
        where k.contype in ('p', 'u', 'f', 'c', 'x') and ${tables}`,
    },
    {
      // The index behind a primary key, unique or exclusion constraint is said by its constraint.
      kind: 'index',
      names: 3,
      sql: `select n.nspname, c.relname, i.relname, pg_get_indexdef(x.indexrelid) as definition,
          x.indisunique as unique, x.indisvalid as valid
        from pg_index x
          join pg_class i on i.oid = x.indexrelid
          join pg_class c on c.oid = x.indrelid
          join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'm') and ${userSchema} and ${kept('c')}
          and not exists (select from pg_constraint k
            where k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x') and k.conrelid = x.indrelid)
          and ${notOfExtension('pg_class', 'c.oid')}`,
    },
    {
      kind: 'trigger',
      names: 3,
      sql: `select n.nspname, c.relname, t.tgname, pg_get_triggerdef(t.oid) as definition,
          case t.tgenabled when 'O' then 'enabled' when 'D' then 'disabled'
            when 'R' then 'replica' when 'A' then 'always' end as enabled
        from pg_trigger t
          join pg_class c on c.oid = t.tgrelid
          join pg_namespace n on n.oid = c.relnamespace
        where not t.tgisinternal and ${userSchema} and ${kept('c')} and ${notOfExtension('pg_trigger', 't.oid')}`,
    },
    {
      kind: 'policy',
      names: 3,
      sql: `select n.nspname, c.relname, p.polname,
          case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert'
            when 'w' then 'update' when 'd' then 'delete' end as command,
          p.polpermissive as permissive,
          array_to_json(array(select coalesce(r.rolname, 'public')
            from unnest(p.polroles) u left join pg_roles r on r.oid = u order by 1)) as roles,
          pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as "withCheck"
        from pg_policy p
          join pg_class c on c.oid = p.polrelid
          join pg_namespace n on n.oid = c.relnamespace
        where ${tables}`,
    },
  ]
}

function routines(): readonly KindQuery[] {
  return [routine('function', `('f', 'w')`), routine('procedure', `('p')`)]
}

function routine(kind: string, prokinds: string): KindQuery {
  return {
    kind,
    names: 2,
    sql: `select n.nspname, p.proname || '(' || oidvectortypes(p.proargtypes) || ')', pg_get_functiondef(p.oid) as definition
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where p.prokind in ${prokinds} and ${userSchema} and ${notOfExtension('pg_proc', 'p.oid')}`,
  }
}

function typesOfOurs(): readonly KindQuery[] {
  const types = `${userSchema} and ${notOfExtension('pg_type', 't.oid')}`
  return [
    {
      kind: 'enum',
      names: 2,
      sql: `select n.nspname, t.typname,
          array_to_json(array(select v.enumlabel from pg_enum v where v.enumtypid = t.oid order by v.enumsortorder)) as labels
        from pg_type t join pg_namespace n on n.oid = t.typnamespace
        where t.typtype = 'e' and ${types}`,
    },
    {
      kind: 'domain',
      names: 2,
      sql: `select n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod) as type,
          not t.typnotnull as nullable, coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault) as default,
          case when t.typcollation <> b.typcollation then
            (select quote_ident(ln.nspname) || '.' || quote_ident(l.collname)
             from pg_collation l join pg_namespace ln on ln.oid = l.collnamespace where l.oid = t.typcollation) end as collation,
          array_to_json(array(select quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid)
            from pg_constraint k where k.contypid = t.oid and k.contype = 'c' order by k.conname)) as constraints
        from pg_type t
          join pg_namespace n on n.oid = t.typnamespace
          join pg_type b on b.oid = t.typbasetype
        where t.typtype = 'd' and ${types}`,
    },
    {
      kind: 'composite',
      names: 2,
      sql: `select n.nspname, t.typname,
          array_to_json(array(select quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
            from pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped order by a.attnum)) as attributes
        from pg_type t
          join pg_namespace n on n.oid = t.typnamespace
          join pg_class c on c.oid = t.typrelid
        where t.typtype = 'c' and c.relkind = 'c' and ${types}`,
    },
  ]
}
