import { setTimeout as sleep } from 'node:timers/promises'
import type { Project } from '../support/project.js'

/** Two steps: the default in a transaction of its own, then an index outside one. */
export const twoSteps = 'drop index songs_title; alter table songs alter title drop default'

/** DDL on songs waits until the advisory lock 1 is free; in a scratch database, which has no such row, it does not. */
export const waitingTrigger = `insert into songs values (1, 'wait', 1);
  create function hold() returns event_trigger language plpgsql as $$ begin
    if exists (select from songs where title = 'wait') then perform pg_advisory_xact_lock(1); end if; end $$;`

export const createTrigger = (tag: string): string =>
  `create event trigger hold_${Date.now()}_${Math.trunc(Math.random() * 1e6)} on ddl_command_start when tag in ('${tag}') execute function hold()`

/** The sessions of a run of `--apply`: the one with the lock, or the one that pings for it. */
export const sessionsQuery = (which: 'runs' | 'pings'): string =>
  `select pid from pg_stat_activity where datname = current_database() and backend_type = 'client backend'
   and pid <> pg_backend_pid() and ${which === 'runs' ? `wait_event = 'advisory' and query not like 'select pg_adv%'` : `application_name like 'schemagate%watch%'`}`

const sessionsBuilding = `select from pg_stat_progress_create_index where phase like 'waiting%'`

export async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await sleep(50)
}

interface CutCase {
  readonly name: string
  readonly tag?: string
  /** Done once the run waits in its statement. */
  readonly act: (place: CutPlace) => Promise<unknown>
  readonly env?: Readonly<Record<string, string>>
  readonly exit: number
  readonly text: RegExp
  readonly events: readonly RegExp[]
}

interface CutPlace {
  readonly project: Project
  readonly letGo: () => Promise<void>
  readonly stop: () => void
  /** Waits until it is told who has the lock. */
  readonly told: () => Promise<void>
  readonly cut: () => Promise<void>
  readonly end: (which: 'runs' | 'pings') => Promise<unknown>
}

export const cutCases: readonly CutCase[] = [
  {
    name: 'a session that was ended in a transaction',
    act: ({ end }) => end('runs'),
    exit: 8,
    text: /^SCHEMA_DATABASE_UNREACHABLE: The connection to PostgreSQL was lost in step 1 of 2\. Its transaction was rolled back, so nothing of it was done\. What was done before stays\.\n\n {2}database .*\n {2}done +nothing\n {2}not done +step 1 of 2: ALTER TABLE.*\n +step 2 of 2: CREATE INDEX CONCURRENTLY[^]*terminating connection/,
    events: [/^repairing ALTER TABLE/, /^undone ALTER TABLE.* connection was lost/],
  },
  {
    name: 'a session that was ended outside a transaction',
    tag: 'CREATE INDEX',
    act: ({ end }) => end('runs'),
    exit: 8,
    text: /lost in step 2 of 2\. It ran outside a transaction, and left no invalid index[^]* done +step 1 of 2[^]* not done +step 2 of 2/,
    events: [/^repairing ALTER/, /^repaired ALTER/, /^repairing CREATE INDEX/, /^failed CREATE INDEX/],
  },
  {
    name: 'a connection beside it that was lost, so that only the end of the step could not be recorded',
    act: async ({ end, letGo }) => {
      await end('pings')
      await letGo()
    },
    exit: 8,
    text: /lost in step 1 of 2\. The step is done\.[^]* done +step 1 of 2[^]* not done +step 2 of 2/,
    events: [/^repairing ALTER/, /^repaired ALTER/],
  },
  {
    name: 'a server that cannot be reached again',
    act: ({ cut }) => cut(),
    env: { CONNECT_TIMEOUT: '500ms' },
    exit: 8,
    text: /lost in step 1 of 2\. Whether the step is done is not known\.[^]* done +nothing\n {2}in doubt +step 1 of 2: ALTER TABLE.*\n +PostgreSQL could not be asked again: .*\n {2}not done +step 2 of 2/,
    events: [/^repairing ALTER/],
  },
  {
    name: 'a request to stop in a transaction',
    act: async ({ stop }) => stop(),
    exit: 1,
    text: /^SCHEMA_INTERRUPTED: Applying was stopped on request, in step 1 of 2\. Its transaction was rolled back, so nothing[^]* not done +step 1 of 2/,
    events: [/^repairing ALTER/, /^undone ALTER.* stopped on request/],
  },
  {
    name: 'a request to stop while an index is built',
    tag: 'DROP TABLE',
    act: async ({ stop, project }) => {
      await until(async () => (await project.query(sessionsBuilding)).length > 0)
      stop()
    },
    exit: 1,
    text: /in step 2 of 2\. It ran outside a transaction, and left an index that is invalid: public\.songs_title\. The next run[^]* done +step 1 of 2/,
    events: [
      /^repairing ALTER/,
      /^repaired ALTER/,
      /^repairing CREATE/,
      /^failed CREATE.* stopped on request/,
    ],
  },
  {
    name: 'a statement that was cancelled by somebody else',
    act: async ({ project, told }) => {
      await told()
      await project.query(sessionsQuery('runs').replace('select pid', 'select pg_cancel_backend(pid)'))
    },
    exit: 7,
    text: /^SCHEMA_APPLY_FAILED: Step 1 of 2 failed\. A different session had it cancelled\. Its transaction was rolled back[^]* blocked by +pid/,
    events: [/^repairing ALTER/, /^failed ALTER/],
  },
  {
    name: 'a lock of others',
    act: async () => {},
    env: { MIGRATION_LOCK_TIMEOUT: '1s' },
    exit: 9,
    text: /^SCHEMA_APPLY_BLOCKED: Step 1 of 2 did not get a lock that others hold\. Its transaction was rolled back[^]* done +nothing[^]* blocked by +pid \d+[^]* select pg_terminate_backend\(\d+\)[^]* MIGRATION_LOCK_TIMEOUT=30s/,
    events: [/^repairing ALTER/, /^failed ALTER.* 55P03/],
  },
]
