import type pg from 'pg'
import { type Ended, eventually, type Running } from '../support/process.js'
import type { Fault, Later, Soak } from './fault.js'
import { command, type Means } from './service.js'

/** The folder of the newer build: the service's own migrations, and more that only add. */
export const newerFolder = 'newer'

/** Some have no transaction, because one cannot build an index concurrently in one. */
export function newerMigrations(count: number): ReadonlyMap<string, string> {
  return new Map(
    Array.from({ length: count }, (_, index) => {
      const number = String(index + 1).padStart(4, '0')
      return [`29990101_soak_${number}`, index % 3 === 2 ? concurrent(number) : transactional(number)]
    }),
  )
}

function transactional(number: string): string {
  return `export async function up(knex) {
  await knex.raw('create table soak_${number} (id int primary key, note text not null)')
  await knex.raw("insert into soak_${number} select n, 'note ' || n from generate_series(1, 1000) n")
  await knex.raw('alter table fleet_reports add column soak_${number} text')
}
`
}

function concurrent(number: string): string {
  return `export const config = { transaction: false }
export async function up(knex) {
  await knex.raw('create index concurrently soak_${number} on fleet_reports (instance)')
}
`
}

/** What goes wrong around `schemagate migrate` of a newer build, while the older one serves. */
export const migrationFaults: readonly Fault[] = [
  {
    name: 'migration beside a lock',
    weight: 2,
    disturbs: 'nobody',
    inflict: async (soak, later) => {
      const blocked = await migrateBlocked(soak, later)
      if (blocked !== undefined) later(async () => expectSuccess(await blocked.migrating.ended()))
      if (blocked !== undefined) later(blocked.release)
    },
  },
  {
    name: 'migration killed',
    weight: 3,
    disturbs: 'nobody',
    inflict: async (soak, later) => {
      const blocked = await migrateBlocked(soak, later)
      if (blocked === undefined) return
      later(() => finish(soak.means, blocked.revision))
      later(blocked.release)
      blocked.migrating.kill('SIGKILL')
      await blocked.migrating.ended()
    },
  },
  {
    name: 'server crashed during a migration',
    weight: 1,
    disturbs: 'everybody',
    inflict: async (soak, later) => {
      const blocked = await migrateBlocked(soak, later)
      if (blocked === undefined) return
      later(() => finish(soak.means, blocked.revision))
      later(async () => void (await blocked.migrating.ended()))
      later(soak.ground.start)
      await soak.ground.stop('immediate')
    },
  },
]

interface Blocked {
  readonly revision: string
  readonly migrating: Running
  readonly release: () => Promise<void>
}

/** Starts a migration while somebody's transaction is in its way, as a long one of a worker would be. */
async function migrateBlocked(soak: Soak, later: Later): Promise<Blocked | undefined> {
  const { ground, means } = soak
  const revision = soak.nextRevision()
  if (revision === undefined) return undefined
  const worker = await ground.session('service')
  const release = once(() => endOf(worker))
  later(release)
  await worker.query('begin; lock table fleet_reports in row exclusive mode')
  const migrating = migrate(means, revision)
  await eventually('the migration waits for a lock', {
    look: async () => {
      const waiting = await ground.query(`select from pg_stat_activity
        where application_name like 'schemagate migration%' and wait_event_type = 'Lock'`)
      return waiting.length > 0
    },
    otherwise: () => `${migrating.stdout()}${migrating.stderr()}`,
    over: () => /SCHEMA_|^ +at /m.test(migrating.stderr()),
  })
  return { revision, migrating, release }
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => (done ??= work())
}

async function endOf(client: pg.Client): Promise<void> {
  // The server may have been crashed under it.
  await client.end().catch(() => {})
}

function migrate(means: Means, revision: string): Running {
  const words = ['migrate', '--migrations', newerFolder, '--to', revision]
  return command(means, { words, env: { INSTANCE: 'migration' } })
}

/** Runs it again until it is done; what was left half done is repaired as the error says. */
async function finish(means: Means, revision: string): Promise<void> {
  const again = await migrate(means, revision).ended()
  if (again.exit !== 7) return expectSuccess(again)
  const words = ['repair', '--migrations', newerFolder, '--yes', '--confirm', 'production']
  expectSuccess(await command(means, { words, env: { INSTANCE: 'migration' } }).ended())
  expectSuccess(await migrate(means, revision).ended())
}

function expectSuccess({ exit, stdout, stderr }: Ended): void {
  if (exit !== 0) throw new Error(`ended with ${exit}\n${stdout.slice(-2_000)}\n${stderr.slice(-3_000)}`)
}
