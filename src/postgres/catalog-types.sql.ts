import { type KindQuery, notOfExtension, userSchema } from './kind-query.js'

export function routines(): readonly KindQuery[] {
  return [routine('function', `('f', 'w')`), routine('procedure', `('p')`)]
}

function routine(kind: string, prokinds: string): KindQuery {
  return {
    kind,
    catalog: 'pg_proc',
    names: 2,
    overloaded: true,
    sql: `select p.oid, 0, n.nspname, p.proname, '(' || oidvectortypes(p.proargtypes) || ')',
        pg_get_functiondef(p.oid) as definition, pg_get_function_arguments(p.oid) as "$arguments",
        pg_get_function_result(p.oid) as "$returns"
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where p.prokind in ${prokinds} and ${userSchema} and ${notOfExtension('pg_proc', 'p.oid')}`,
  }
}

export function typesOfOurs(): readonly KindQuery[] {
  const types = `${userSchema} and ${notOfExtension('pg_type', 't.oid')}`
  return [
    {
      kind: 'enum',
      catalog: 'pg_type',
      names: 2,
      sql: `select t.oid, 0, n.nspname, t.typname,
          array_to_json(array(select v.enumlabel from pg_enum v where v.enumtypid = t.oid order by v.enumsortorder)) as labels
        from pg_type t join pg_namespace n on n.oid = t.typnamespace
        where t.typtype = 'e' and ${types}`,
    },
    {
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
        where t.typtype = 'd' and ${types}`,
    },
    {
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
        where t.typtype = 'c' and c.relkind = 'c' and ${types}`,
    },
  ]
}
