import { functionNameOf, qualifiedUnlessBuiltIn, operatorNameOf } from './expressions.sql.js'
import { type KindQuery, notOfExtension, userSchema } from './kind-query.js'

export function operatorQueries(): readonly KindQuery[] {
  return [operator, operatorFamily, operatorClass, cast]
}

/** An operator without a function was only named as a commutator or negator, and does not exist yet. */
const operator: KindQuery = {
  kind: 'operator',
  catalog: 'pg_operator',
  names: 2,
  overloaded: true,
  sql: `select o.oid, 0, n.nspname, o.oprname,
      '(' || coalesce(format_type(nullif(o.oprleft, 0), null), 'NONE') || ', ' || format_type(o.oprright, null) || ')',
      ${functionNameOf('o.oprcode')} as function, ${operatorNameOf('o.oprcom')} as commutator,
      ${operatorNameOf('o.oprnegate')} as negator, ${functionNameOf('o.oprrest')} as restrict,
      ${functionNameOf('o.oprjoin')} as join, nullif(o.oprcanhash, false) as hashes,
      nullif(o.oprcanmerge, false) as merges
    from pg_operator o join pg_namespace n on n.oid = o.oprnamespace
    where o.oprcode <> 0 and ${userSchema} and ${notOfExtension('pg_operator', 'o.oid')}`,
}

/**
 * The operators and functions of each operator class, or those that a family has outside its classes, as CREATE OPERATOR
 * CLASS takes them. The operand types of a function are given, because they may differ from its signature.
 */
function operatorMemberList(holder: 'pg_opclass' | 'pg_opfamily'): string {
  const held = (catalog: string): string =>
    `d.classid = '${catalog}'::regclass and d.refclassid = '${holder}'::regclass`
  return `(select m.holder, json_agg(m.text order by m.number, m.text collate "C") filter (where m.is_operator) as operators,
      json_agg(m.text order by m.number, m.text collate "C") filter (where not m.is_operator) as functions,
      json_agg(m.text order by m.is_operator desc, m.number, m.text collate "C") as listed
    from (
      select d.refobjid, true, a.amopstrategy, 'OPERATOR ' || a.amopstrategy || ' ' || a.amopopr::regoperator
          || coalesce(' FOR ORDER BY ' || ${qualifiedUnlessBuiltIn('n.nspname', 'f.opfname')}, '')
        from pg_depend d
          join pg_amop a on a.oid = d.objid
          left join pg_opfamily f on f.oid = a.amopsortfamily
          left join pg_namespace n on n.oid = f.opfnamespace
        where ${held('pg_amop')}
      union all
      select d.refobjid, false, a.amprocnum, 'FUNCTION ' || a.amprocnum || ' (' || format_type(a.amproclefttype, null)
          || ', ' || format_type(a.amprocrighttype, null) || ') ' || a.amproc::regprocedure
        from pg_depend d join pg_amproc a on a.oid = d.objid where ${held('pg_amproc')}
    ) m(holder, is_operator, number, text) group by m.holder)`
}

/** CREATE OPERATOR CLASS without a family creates one of the same name, which has no members outside the class. */
const operatorFamily: KindQuery = {
  kind: 'operator_family',
  catalog: 'pg_opfamily',
  names: 2,
  overloaded: true,
  sql: `select f.oid, 0, n.nspname, f.opfname, '(' || quote_ident(am.amname) || ')', m.listed as members
    from pg_opfamily f
      join pg_namespace n on n.oid = f.opfnamespace
      join pg_am am on am.oid = f.opfmethod
      left join ${operatorMemberList('pg_opfamily')} m on m.holder = f.oid
    where ${userSchema} and ${notOfExtension('pg_opfamily', 'f.oid')}`,
}

const operatorClass: KindQuery = {
  kind: 'operator_class',
  catalog: 'pg_opclass',
  names: 2,
  overloaded: true,
  sql: `select o.oid, 0, n.nspname, o.opcname, '(' || quote_ident(am.amname) || ')',
      format_type(o.opcintype, null) as type, nullif(o.opcdefault, false) as default,
      case when f.opfname <> o.opcname or f.opfnamespace <> o.opcnamespace then
        ${qualifiedUnlessBuiltIn('fn.nspname', 'f.opfname')} end as family,
      format_type(nullif(o.opckeytype, 0), null) as storage, m.operators, m.functions
    from pg_opclass o
      join pg_namespace n on n.oid = o.opcnamespace
      join pg_am am on am.oid = o.opcmethod
      join pg_opfamily f on f.oid = o.opcfamily
      join pg_namespace fn on fn.oid = f.opfnamespace
      left join ${operatorMemberList('pg_opclass')} m on m.holder = o.oid
    where ${userSchema} and ${notOfExtension('pg_opclass', 'o.oid')}`,
}

/** Without the cast from a range type to its multirange type, which belongs to the range. */
const cast: KindQuery = {
  kind: 'cast',
  catalog: 'pg_cast',
  names: 1,
  sql: `select k.oid, 0, format_type(k.castsource, null) || ' AS ' || format_type(k.casttarget, null),
      format_type(k.castsource, null) as source, format_type(k.casttarget, null) as target,
      case k.castcontext when 'i' then 'implicit' when 'a' then 'assignment' end as context,
      case k.castmethod when 'f' then 'function' when 'i' then 'inout' when 'b' then 'binary' end as method,
      nullif(k.castfunc, 0)::regprocedure::text as function
    from pg_cast k
    where k.oid >= 16384 and ${notOfExtension('pg_cast', 'k.oid')}
      and not exists (select from pg_depend i
        where i.classid = 'pg_cast'::regclass and i.objid = k.oid and i.deptype = 'i')`,
}
