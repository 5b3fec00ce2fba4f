import { functionNameOf, operatorNameOf } from './expressions.sql.js'
import { type KindQuery, notOfExtension, userSchema } from './kind-query.js'

export function routineQueries(): readonly KindQuery[] {
  return [routineQuery('function', `('f', 'w')`), routineQuery('procedure', `('p')`), aggregates]
}

/** The constructor functions of a range type belong to the type. */
const notRangeConstructor = `not exists (select from pg_depend i where i.classid = 'pg_proc'::regclass and i.objid = p.oid
  and i.refclassid = 'pg_type'::regclass and i.deptype = 'i')`

const userRoutineCondition = `${userSchema} and ${notOfExtension('pg_proc', 'p.oid')}`

function routineQuery(kind: string, prokinds: string): KindQuery {
  return {
    kind,
    catalog: 'pg_proc',
    names: 2,
    overloaded: true,
    sql: `select p.oid, 0, n.nspname, p.proname, '(' || oidvectortypes(p.proargtypes) || ')',
        pg_get_functiondef(p.oid) as definition, pg_get_function_arguments(p.oid) as "$arguments",
        pg_get_function_result(p.oid) as "$returns"
      from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where p.prokind in ${prokinds} and ${userRoutineCondition} and ${notRangeConstructor}`,
  }
}

/** FINALFUNC_MODIFY; null for the default, which is read_only for ordinary aggregates and read_write for the others. */
function finalModify(column: string): string {
  return `case ${column} when case a.aggkind when 'n' then 'r' else 'w' end then null
    when 'r' then 'read_only' when 's' then 'shareable' when 'w' then 'read_write' end`
}

const aggregates: KindQuery = {
  kind: 'aggregate',
  catalog: 'pg_proc',
  names: 2,
  overloaded: true,
  sql: `select p.oid, 0, n.nspname, p.proname, '(' || oidvectortypes(p.proargtypes) || ')',
      case a.aggkind when 'o' then 'ordered set' when 'h' then 'hypothetical set' end as kind,
      pg_get_function_arguments(p.oid) as arguments, pg_get_function_result(p.oid) as returns,
      ${functionNameOf('a.aggtransfn')} as "stateFunction", format_type(a.aggtranstype, null) as "stateType",
      nullif(a.aggtransspace, 0) as "stateSpace", a.agginitval as initial,
      ${functionNameOf('a.aggfinalfn')} as final, nullif(a.aggfinalextra, false) as "finalExtra",
      ${finalModify('a.aggfinalmodify')} as "finalModify", ${functionNameOf('a.aggcombinefn')} as combine,
      ${functionNameOf('a.aggserialfn')} as serial, ${functionNameOf('a.aggdeserialfn')} as deserial,
      ${functionNameOf('a.aggmtransfn')} as "movingStateFunction", ${functionNameOf('a.aggminvtransfn')} as "movingInverse",
      format_type(nullif(a.aggmtranstype, 0), null) as "movingStateType",
      nullif(a.aggmtransspace, 0) as "movingStateSpace", a.aggminitval as "movingInitial",
      ${functionNameOf('a.aggmfinalfn')} as "movingFinal", nullif(a.aggmfinalextra, false) as "movingFinalExtra",
      case when a.aggmfinalfn <> 0 then ${finalModify('a.aggmfinalmodify')} end as "movingFinalModify",
      ${operatorNameOf('a.aggsortop')} as "sortOperator",
      case p.proparallel when 's' then 'safe' when 'r' then 'restricted' end as parallel
    from pg_aggregate a
      join pg_proc p on p.oid = a.aggfnoid
      join pg_namespace n on n.oid = p.pronamespace
    where ${userRoutineCondition}`,
}
