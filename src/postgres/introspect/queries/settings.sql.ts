import { secretNames } from './expressions.sql.js'
import type { KindQuery } from './kind-query.js'

/** A value that may be a secret does not leave the server. */
const value = `case when s.name ~* '${secretNames}' or s.value ~ '://[^ ]*:[^ ]*@' then '(hidden)' else s.value end as value`

/**
 * The settings of this database, for all roles (0) or for one. The name of the database is no fact. What a role has in all
 * databases belongs to the server.
 */
const settings = `(select d.setrole, split_part(c, '=', 1) as name, substr(c, strpos(c, '=') + 1) as value
  from pg_db_role_setting d cross join unnest(d.setconfig) c
  where d.setdatabase = (select oid from pg_database where datname = current_database())) s`

/** What ALTER DATABASE … SET and ALTER ROLE … IN DATABASE … SET have stored. */
export function settingQueries(): readonly KindQuery[] {
  return [
    {
      kind: 'database_setting',
      catalog: 'pg_db_role_setting',
      names: 1,
      sql: `select 0, 0, s.name, ${value} from ${settings} where s.setrole = 0`,
    },
    {
      kind: 'role_setting',
      catalog: 'pg_db_role_setting',
      names: 2,
      sql: `select 0, 0, r.rolname, s.name, ${value} from ${settings} join pg_roles r on r.oid = s.setrole`,
    },
  ]
}
