import { secretNames } from './expressions.sql.js'
import type { KindQuery } from './kind-query.js'

const thisDatabase = `(select oid from pg_database where datname = current_database())`

/** A value that may be a secret does not leave the server. */
const value = `case when s.name ~* '${secretNames}' or s.value ~ '://[^ ]*:[^ ]*@' then '(hidden)' else s.value end`

const settings = (
  condition: string,
): string => `(select d.setdatabase, d.setrole, split_part(c, '=', 1) as name,
    substr(c, strpos(c, '=') + 1) as value
  from pg_db_role_setting d cross join unnest(d.setconfig) c where ${condition})`

/**
 * What ALTER DATABASE … SET and ALTER ROLE … SET have stored: for this database, and for a role here and in all databases.
 * The name of the database is no fact.
 */
export function settingQueries(): readonly KindQuery[] {
  return [
    {
      kind: 'database_setting',
      catalog: 'pg_db_role_setting',
      names: 1,
      sql: `select 0, 0, s.name, ${value} as value
        from ${settings(`d.setdatabase = ${thisDatabase} and d.setrole = 0`)} s`,
    },
    {
      kind: 'role_setting',
      catalog: 'pg_db_role_setting',
      names: 2,
      sql: `select 0, 0, coalesce(r.rolname, 'ALL'), s.name,
          max(${value}) filter (where s.setdatabase = 0) as "inAllDatabases",
          max(${value}) filter (where s.setdatabase <> 0) as "inThisDatabase"
        from ${settings(`d.setdatabase in (0, ${thisDatabase}) and (d.setrole <> 0 or d.setdatabase = 0)`)} s
          left join pg_roles r on r.oid = s.setrole
        group by 3, 4`,
    },
  ]
}
