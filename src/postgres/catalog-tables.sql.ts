import { type Kept, type KindQuery, notOfExtension, userSchema } from './kind-query.js'

/** The condition for what belongs to tables; `c` is pg_class and `n` pg_namespace. */
function ofUserTables(kept: Kept): string {
  return `c.relkind in ('r', 'p', 'f') and ${userSchema} and ${kept('c')} and ${notOfExtension('pg_class', 'c.oid')}`
}

export function tablesAndColumns(kept: Kept): readonly KindQuery[] {
  const tables = ofUserTables(kept)
  return [
    {
      kind: 'table',
      names: 2,
      sql: `select n.nspname, c.relname, c.relrowsecurity as "rowSecurity",
          c.relforcerowsecurity as "forceRowSecurity", nullif(c.relpersistence = 'u', false) as unlogged,
          pg_get_partkeydef(c.oid) as "partitionedBy", pg_get_expr(c.relpartbound, c.oid) as partition,
          (select json_agg(quote_ident(pn.nspname) || '.' || quote_ident(p.relname) order by h.inhseqno)
            from pg_inherits h
              join pg_class p on p.oid = h.inhparent
              join pg_namespace pn on pn.oid = p.relnamespace
            where h.inhrelid = c.oid) as parents
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
          case when u.oid is not null then false end as valid,
          case when a.attcollation <> y.typcollation
            then quote_ident(ln.nspname) || '.' || quote_ident(l.collname) end as collation
        from pg_attribute a
          join pg_class c on c.oid = a.attrelid
          join pg_namespace n on n.oid = c.relnamespace
          join pg_type y on y.oid = a.atttypid
          left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
          left join pg_collation l on l.oid = a.attcollation
          left join pg_namespace ln on ln.oid = l.collnamespace
          left join pg_constraint u on u.conrelid = a.attrelid and u.conkey[1] = a.attnum
            and u.contype = 'n' and not u.convalidated
        where a.attnum > 0 and not a.attisdropped and ${tables}`,
    },
  ]
}

export function constraintsAndIndexes(kept: Kept): readonly KindQuery[] {
  const tables = ofUserTables(kept)
  return [
    {
      // 18 lists NOT NULL as constraints of their own ('n'): the column says it on every version.
      // A definition ends in NOT VALID until all rows were checked, which is a fact of its own.
      kind: 'constraint',
      names: 3,
      sql: `select n.nspname, c.relname, k.conname,
          case k.contype when 'p' then 'primary key' when 'u' then 'unique' when 'f' then 'foreign key'
            when 'c' then 'check' when 'x' then 'exclude' end as type,
          regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') as definition, k.convalidated as valid
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
  ]
}

export function triggersAndPolicies(kept: Kept): readonly KindQuery[] {
  const tables = ofUserTables(kept)
  return [
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
