import { firingMode } from './expressions.sql.js'
import { type TableFilter, type KindQuery, notOfExtension, qualifiedNameExpression } from './kind-query.js'
import { userRelationCondition, userTableCondition } from './tables.sql.js'

const triggerState = (column: string): string => `coalesce(${firingMode(column)}, 'enabled')`

/** The partitions on which a trigger of their partitioned table fires at other times than there, by its oid. 14 has copies as internal. */
const switchedOnPartitions = `(with recursive copies(id, root) as (
    select oid, tgparentid from pg_trigger where tgparentid <> 0
    union all
    select copies.id, above.tgparentid from copies join pg_trigger above on above.oid = copies.root and above.tgparentid <> 0)
  select root.oid as id, json_agg(${qualifiedNameExpression('pn.nspname', 'p.relname')} || ': ' ||
      ${triggerState('copy.tgenabled')} order by pn.nspname, p.relname) as switched
  from copies
    join pg_trigger copy on copy.oid = copies.id
    join pg_trigger root on root.oid = copies.root and root.tgparentid = 0 and root.tgenabled <> copy.tgenabled
      and not root.tgisinternal
    join pg_class p on p.oid = copy.tgrelid
    join pg_namespace pn on pn.oid = p.relnamespace
  group by root.oid)`

export function triggerAndPolicyQueries(tableFilter: TableFilter): readonly KindQuery[] {
  const ofRelations = userRelationCondition(tableFilter)
  return [
    {
      // A trigger of a partitioned table has a copy on each partition.
      kind: 'trigger',
      catalog: 'pg_trigger',
      names: 3,
      sql: `select t.oid, 0, n.nspname, c.relname, t.tgname, pg_get_triggerdef(t.oid) as definition,
          ${triggerState('t.tgenabled')} as enabled, o.switched as "onPartitions"
        from pg_trigger t
          join pg_class c on c.oid = t.tgrelid
          join pg_namespace n on n.oid = c.relnamespace
          left join ${switchedOnPartitions} o on o.id = t.oid
        where not t.tgisinternal and t.tgparentid = 0 and ${ofRelations} and ${notOfExtension('pg_trigger', 't.oid')}`,
    },
    {
      kind: 'policy',
      catalog: 'pg_policy',
      names: 3,
      sql: `select p.oid, 0, n.nspname, c.relname, p.polname,
          case p.polcmd when '*' then 'all' when 'r' then 'select' when 'a' then 'insert'
            when 'w' then 'update' when 'd' then 'delete' end as command,
          p.polpermissive as permissive,
          array_to_json(array(select coalesce(r.rolname, 'public')
            from unnest(p.polroles) u left join pg_roles r on r.oid = u order by 1)) as roles,
          pg_get_expr(p.polqual, p.polrelid) as using, pg_get_expr(p.polwithcheck, p.polrelid) as "withCheck"
        from pg_policy p
          join pg_class c on c.oid = p.polrelid
          join pg_namespace n on n.oid = c.relnamespace
        where ${userTableCondition(tableFilter)}`,
    },
    {
      // _RETURN is the definition of a view.
      kind: 'rule',
      catalog: 'pg_rewrite',
      names: 3,
      sql: `select r.oid, 0, n.nspname, c.relname, r.rulename, pg_get_ruledef(r.oid) as definition,
          ${triggerState('r.ev_enabled')} as enabled
        from pg_rewrite r
          join pg_class c on c.oid = r.ev_class
          join pg_namespace n on n.oid = c.relnamespace
        where r.rulename <> '_RETURN' and ${ofRelations} and ${notOfExtension('pg_rewrite', 'r.oid')}`,
    },
  ]
}
