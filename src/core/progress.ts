import type { Decision } from './decision.js'
import type { History } from './history.js'
import type { Changes } from './snapshot.js'
import type { Stale } from './staleness.js'

/** Where a process is in the story, as `/health/schema` and the log say it. */
export type Phase =
  | 'starting'
  | 'connecting'
  | 'inspecting'
  | 'replaying'
  | 'waiting for the lock'
  | 'migrating'
  | 'seeding'
  | 'verifying'
  | 'serving'
  | 'refused'
  | 'draining'

/** Everything the gate tells while it works. One list for the log, the terminal and the health routes. */
export type Progress =
  | { readonly event: 'connecting'; readonly database: string; readonly environment: string }
  | { readonly event: 'waiting for database'; readonly reason: string; readonly waited: number }
  | {
      readonly event: 'inspected'
      readonly database: string
      readonly history: History
      readonly server: string
    }
  | {
      readonly event: 'embedded started'
      readonly database: string
      readonly directory: string
      readonly fresh: boolean
      readonly startedHere: boolean
    }
  | { readonly event: 'snapshot stale'; readonly stale: readonly Stale[]; readonly missing: boolean }
  | { readonly event: 'replaying'; readonly revisions: number; readonly where: string }
  | {
      readonly event: 'snapshot written'
      readonly file: string
      readonly revisions: number
      readonly objects: number
      readonly duration: number
    }
  | { readonly event: 'snapshot unavailable'; readonly reason: string }
  | { readonly event: 'waiting for lock'; readonly holder: string | null; readonly waited: number }
  | {
      readonly event: 'interrupted before'
      readonly revision: string
      readonly host: string
      readonly since: string
    }
  | { readonly event: 'knex lock freed' }
  | {
      readonly event: 'revision started'
      readonly revision: string
      readonly number: number
      readonly total: number
    }
  | { readonly event: 'revision running'; readonly revision: string; readonly elapsed: number }
  | {
      readonly event: 'notice'
      readonly revision: string | null
      readonly severity: string
      readonly message: string
    }
  | {
      readonly event: 'revision applied' | 'revision reverted'
      readonly revision: string
      readonly duration: number
      /** Null where no snapshot says what it changes. */
      readonly changes: Changes | null
    }
  | { readonly event: 'drift before'; readonly differences: number }
  | { readonly event: 'migrated'; readonly revisions: number; readonly duration: number }
  | { readonly event: 'seeded'; readonly files: readonly string[]; readonly duration: number }
  | {
      readonly event: 'verified'
      readonly compared: Readonly<Record<string, number>>
      readonly differences: number
    }
  | { readonly event: 'decided'; readonly decision: Decision; readonly lines: readonly string[] }
  | { readonly event: 'listening'; readonly address: string; readonly what: string }
  | { readonly event: 'database lost'; readonly reason: string }
  | { readonly event: 'database back'; readonly lostFor: number }
  | { readonly event: 'draining'; readonly signal: string; readonly delay: number }

/** How everything that works reports. It must not throw, and nothing waits for it. */
export type Report = (progress: Progress) => void
