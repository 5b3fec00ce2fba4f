/** The name of a relation; null where only the transaction of the migration sees it. */
const relationName = (oid: string): string =>
  `(select c.oid::regclass::text from pg_class c where c.oid = ${oid})`

/** Describes what a row `l` of pg_locks locks. */
const lockDescription = `case l.locktype
    when 'relation' then l.mode || coalesce(' on ' || ${relationName('l.relation')}, '')
    when 'tuple' then l.mode || coalesce(' on a row of ' || ${relationName('l.relation')}, '')
    when 'transactionid' then 'rows of an open transaction'
    when 'virtualxid' then 'an open transaction'
    when 'advisory' then 'an advisory lock'
    else l.mode || ' on ' || l.locktype end`

const lockColumns =
  'locktype, database, relation, page, tuple, virtualxid, transactionid, classid, objid, objsubid'
const lockColumnsOf = (alias: string): string =>
  `(${lockColumns
    .split(', ')
    .map((column) => `${alias}.${column}`)
    .join(', ')})`

/** The SQL for the progress of a command: `done` out of `total`; `done` is null in phases that count nothing. */
interface ProgressView {
  readonly command: string
  readonly phase: string
  readonly done: string
  readonly total: string
}

/** PostgreSQL sets the counters that a phase of CREATE INDEX does not use to 0. */
const indexProgressCounter = (counted: 'done' | 'total'): string =>
  `case when lockers_total > 0 then lockers_${counted} when tuples_total > 0 then tuples_${counted} else blocks_${counted} end`

const progressViews: Readonly<Record<string, ProgressView>> = {
  pg_stat_progress_create_index: {
    command: 'command',
    phase: 'phase',
    done: indexProgressCounter('done'),
    total: indexProgressCounter('total'),
  },
  pg_stat_progress_cluster: {
    command: 'command',
    phase: 'phase',
    done: `case when phase like '%scanning heap' then heap_blks_scanned end`,
    total: 'heap_blks_total',
  },
  pg_stat_progress_vacuum: {
    command: `'VACUUM'`,
    phase: 'phase',
    done: `case phase when 'scanning heap' then heap_blks_scanned when 'vacuuming heap' then heap_blks_vacuumed end`,
    total: 'heap_blks_total',
  },
  pg_stat_progress_analyze: {
    command: `'ANALYZE'`,
    phase: 'phase',
    done: `case when phase like 'acquiring%' then sample_blks_scanned end`,
    total: 'sample_blks_total',
  },
  pg_stat_progress_copy: {
    command: 'command',
    phase: `tuples_processed || ' rows'`,
    done: 'bytes_processed',
    total: 'bytes_total',
  },
}

function progressQuery(pid: number): string {
  const selects = Object.entries(progressViews).map(
    ([view, { command, phase, done, total }]) =>
      `select ${command} as command, ${relationName('relid')} as relation, ${phase} as phase,
        case when ${total} > 0 and ${done} is not null then least(100, 100 * ${done} / ${total})::int end as percent
      from ${view} where pid = ${pid}`,
  )
  return selects.join(' union all ')
}

/** The columns of a session that blocks others; `lock` says which rows `l` of pg_locks it blocks them with. */
const blockerColumns = (locks: string): string =>
  `b.pid, a.usename as "user", coalesce(nullif(a.application_name, ''), nullif(a.backend_type, 'client backend')) as application,
      host(a.client_addr) as address, a.state, coalesce(a.xact_start, a.query_start, a.backend_start) as since, a.query,
      (select string_agg(distinct ${lockDescription}, ', ') from pg_locks l ${locks} and l.pid = b.pid and l.granted) as holds`

/**
 * Three statements: what session `pid` does, who blocks it, and the progress of its command. Calls pg_blocking_pids() only
 * for a session that waits, because it locks the whole lock table.
 */
export function activityQuery(pid: number): string {
  const sameLock = `join pg_locks w
        on w.pid = ${pid} and not w.granted and ${lockColumnsOf('l')} is not distinct from ${lockColumnsOf('w')} where true`
  return `select a.state, a.query, a.wait_event_type as type, a.wait_event as event,
      (select ${lockDescription} from pg_locks l where l.pid = a.pid and not l.granted limit 1) as lock
    from pg_stat_activity a where a.pid = ${pid};
  with waiting as materialized (
      select pg_blocking_pids(pid) as by from pg_stat_activity where pid = ${pid} and wait_event_type = 'Lock'
    ), blocking as (select distinct b.pid from waiting, unnest(by) b (pid))
  select ${blockerColumns(sameLock)}
    from blocking b left join pg_stat_activity a on a.pid = b.pid order by since nulls last, b.pid;
  ${progressQuery(pid)}`
}

/** The sessions whose locks on a table, given as a literal, keep others from inserting into it. */
export function insertBlockersQuery(table: string): string {
  const condition = `l.locktype = 'relation' and l.relation = to_regclass(${table}) and l.pid <> pg_backend_pid()
      and l.database = (select oid from pg_database where datname = current_database())
      and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')`
  return `with blocking as (select distinct l.pid from pg_locks l where l.granted and ${condition})
    select ${blockerColumns(`where ${condition}`)}
      from blocking b left join pg_stat_activity a on a.pid = b.pid order by since nulls last, b.pid`
}
