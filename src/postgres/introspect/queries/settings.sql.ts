import { secretNames } from './expressions.sql.js'
import type { KindQuery } from './kind-query.js'

/** A value that may be a secret does not leave the server. */
const value = `case when s.name ~* '${secretNames}' or s.value ~ '://[^ ]*:[^ ]*@' then '(hidden)' else s.value end as value`

const thisDatabase = `(select oid from pg_database where datname = current_database())`

/**
 * The settings of this database, for all roles (0) or for one. The name of the database is no fact. What a role has in all
 * databases belongs to the server.
 */
const settings = `(select d.setrole, split_part(c, '=', 1) as name, substr(c, strpos(c, '=') + 1) as value
  from pg_db_role_setting d cross join unnest(d.setconfig) c
  where d.setdatabase = ${thisDatabase}) s`

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
    {
      // The databases of PostgreSQL have comments of their own.
      kind: 'database_comment',
      catalog: 'pg_shdescription',
      names: 1,
      onlyWith: 'comments',
      sql: `select 0, 0, 'database', d.description as value from pg_shdescription d
        where d.classoid = 'pg_database'::regclass and d.objoid >= 16384 and d.objoid = ${thisDatabase}`,
    },
  ]
}
