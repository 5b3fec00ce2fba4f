import { functionNameOf, qualifiedUnlessBuiltIn } from './expressions.sql.js'
import { type KindQuery, notOfExtension, qualifiedNameExpression, userSchema } from './kind-query.js'

export function typeQueries(): readonly KindQuery[] {
  return [enumeration, domain, composite, range, baseType]
}

const userTypeCondition = `${userSchema} and ${notOfExtension('pg_type', 't.oid')}`

const enumeration: KindQuery = {
  kind: 'enum',
  catalog: 'pg_type',
  names: 2,
  sql: `select t.oid, 0, n.nspname, t.typname,
      array_to_json(array(select v.enumlabel from pg_enum v where v.enumtypid = t.oid order by v.enumsortorder)) as labels
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where t.typtype = 'e' and ${userTypeCondition}`,
}

const domain: KindQuery = {
  kind: 'domain',
  catalog: 'pg_type',
  names: 2,
  sql: `select t.oid, 0, n.nspname, t.typname, format_type(t.typbasetype, t.typtypmod) as type,
      not t.typnotnull as nullable, coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault) as default,
      case when t.typcollation <> b.typcollation then
        (select quote_ident(ln.nspname) || '.' || quote_ident(l.collname)
         from pg_collation l join pg_namespace ln on ln.oid = l.collnamespace where l.oid = t.typcollation) end as collation,
      array_to_json(array(select quote_ident(k.conname) || ' ' || pg_get_constraintdef(k.oid)
        from pg_constraint k where k.contypid = t.oid and k.contype = 'c' order by k.conname)) as constraints
    from pg_type t
      join pg_namespace n on n.oid = t.typnamespace
      join pg_type b on b.oid = t.typbasetype
    where t.typtype = 'd' and ${userTypeCondition}`,
}

const composite: KindQuery = {
  kind: 'composite',
  catalog: 'pg_type',
  names: 2,
  sql: `select t.oid, 0, n.nspname, t.typname,
      array_to_json(array(select quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)
          || case when a.attcollation <> y.typcollation then ' collate ' || a.attcollation::regcollation else '' end
        from pg_attribute a join pg_type y on y.oid = a.atttypid
        where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped order by a.attnum)) as attributes
    from pg_type t
      join pg_namespace n on n.oid = t.typnamespace
      join pg_class c on c.oid = t.typrelid
    where t.typtype = 'c' and c.relkind = 'c' and ${userTypeCondition}`,
}

/** The name that PostgreSQL gives the multirange type of a range type by default. */
const defaultMultirange = `case when t.typname ~ 'range' then regexp_replace(t.typname, 'range', 'multirange')
  else t.typname || '_multirange' end`

const range: KindQuery = {
  kind: 'range',
  catalog: 'pg_type',
  names: 2,
  sql: `select t.oid, 0, n.nspname, t.typname, format_type(r.rngsubtype, null) as subtype,
      case when not o.opcdefault then ${qualifiedUnlessBuiltIn('op.nspname', 'o.opcname')} end as "operatorClass",
      case when r.rngcollation <> s.typcollation then r.rngcollation::regcollation::text end as collation,
      ${functionNameOf('r.rngcanonical')} as canonical, ${functionNameOf('r.rngsubdiff')} as "subtypeDiff",
      case when m.typname <> ${defaultMultirange} or m.typnamespace <> t.typnamespace
        then ${qualifiedNameExpression('mn.nspname', 'm.typname')} end as multirange
    from pg_range r
      join pg_type t on t.oid = r.rngtypid
      join pg_namespace n on n.oid = t.typnamespace
      join pg_type s on s.oid = r.rngsubtype
      join pg_opclass o on o.oid = r.rngsubopc
      join pg_namespace op on op.oid = o.opcnamespace
      join pg_type m on m.oid = r.rngmultitypid
      join pg_namespace mn on mn.oid = m.typnamespace
    where ${userTypeCondition}`,
}

const baseTypeFacts = `${functionNameOf('t.typinput')} as input, ${functionNameOf('t.typoutput')} as output,
  ${functionNameOf('t.typreceive')} as receive, ${functionNameOf('t.typsend')} as send,
  ${functionNameOf('t.typmodin')} as "typmodIn", ${functionNameOf('t.typmodout')} as "typmodOut",
  ${functionNameOf('t.typanalyze')} as analyze,
  case when t.typsubscript <> 'raw_array_subscript_handler'::regproc
    then ${functionNameOf('t.typsubscript')} end as subscript,
  nullif(t.typlen, -1) as length, nullif(t.typbyval, false) as "byValue",
  case t.typalign when 'c' then 'char' when 's' then 'int2' when 'd' then 'double' end as alignment,
  case t.typstorage when 'e' then 'external' when 'x' then 'extended' when 'm' then 'main' end as storage,
  nullif(t.typcategory, 'U') as category, nullif(t.typispreferred, false) as preferred, t.typdefault as default,
  format_type(nullif(t.typelem, 0), null) as element, nullif(t.typdelim, ',') as delimiter,
  nullif(t.typcollation <> 0, false) as collatable`

/** Includes shell types, which are declared and not yet defined. Without array types, which belong to their elements. */
const baseType: KindQuery = {
  kind: 'base_type',
  catalog: 'pg_type',
  names: 2,
  sql: `select t.oid, 0, n.nspname, t.typname, nullif(not t.typisdefined, false) as shell, f.*
    from pg_type t
      join pg_namespace n on n.oid = t.typnamespace
      left join pg_type e on e.typarray = t.oid
      left join lateral (select ${baseTypeFacts}) f on t.typisdefined
    where (t.typtype = 'b' or not t.typisdefined) and e.oid is null and ${userTypeCondition}`,
}
