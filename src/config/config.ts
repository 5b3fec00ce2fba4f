import type { Policy } from '../core/history/policy.js'
import type { Scope } from '../core/model/scope.js'
import type { SchemaError } from '../errors/schema-error.js'

/** The configuration of a process: validated, with absolute paths and with durations in milliseconds. */
export interface Config {
  readonly root: string
  /** ENV_TARGET. */
  readonly target: string
  /** Whether the command line names it (`--env`). */
  readonly isTargetTyped: boolean
  /** NODE_ENV is `production`. */
  readonly production: boolean
  readonly service: {
    readonly name: string
    readonly version: string | null
    readonly release: string | null
    readonly instance: string
  }
  readonly http: {
    readonly host: string
    readonly port: number
    readonly healthPort: number | null
    readonly healthToken: string | null
    readonly healthDetails: 'token' | 'always'
    readonly shutdownDelay: number
  }
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  readonly database: DatabaseConfig
  readonly migrationUrl: string | null
  readonly scratchUrl: string | null
  /** A file of SQL. */
  readonly scratchPrelude: string | null
  /** `disable`, `no-verify`, `verify`, or the path of a certificate authority. */
  readonly ssl: string | null
  readonly connectTimeout: number
  readonly buildFrom: BuildSource
  readonly migrations: {
    /** Null where the knexfile decides. */
    readonly directories: readonly string[] | null
    /** `none` reads none; null where the one in `root` is read. */
    readonly knexfile: string | null
    readonly transaction: 'batch' | 'each'
    readonly lockWaitTimeout: number
    readonly lockTimeout: number
    readonly deadline: number
    readonly seedOnStart: boolean
    /** Null where the knexfile decides. */
    readonly seedsDirectory: string | null
  }
  readonly backup: {
    /** What a migration is backed up before. */
    readonly before: 'off' | 'destructive' | 'always'
    readonly folder: string
    /** Takes a backup on its stdin, instead of the folder. */
    readonly command: string | null
  }
  readonly policy: Policy
  /** Environments in which a command that removes something asks for the name of the environment. */
  readonly protectedEnvironments: readonly string[]
  /** The names of hazards and rules that `plan` allows, with commas. */
  readonly planAllow: string
  readonly verify: {
    readonly interval: number
    readonly timeout: number
    /** `auto` does not read the catalog where nothing has changed since it was verified. */
    readonly atStart: 'auto' | 'full'
    readonly scope: Scope
  }
  readonly terminationLog: string
  readonly fleet: {
    readonly url: string | null
    readonly token: string | null
  }
  /** The effective values by key, as texts. They hold the secrets. */
  readonly settings: Readonly<Record<string, string>>
  /** Every effective value, masked, in the order of the table of keys. */
  readonly entries: readonly ConfigEntry[]
}

/** What a database is built from. */
export type BuildSource =
  | { readonly kind: 'migrations' | 'snapshot' }
  /** `source` is `models:` and the file, as it was written. */
  | { readonly kind: 'models'; readonly source: string }

/** The DB_ keys that are set. */
export type DatabaseParts = Readonly<Partial<Record<'host' | 'port' | 'user' | 'password' | 'name', string>>>

/** `from` names the keys and their layers, such as `DATABASE_URL (process environment)`. */
export type DatabaseConfig =
  /**
   * With `parts`, where these, all of the process environment, name it. With `targetKey`, the key for this target alone, where DATABASE_URL of the
   * process environment names it.
   */
  | {
      readonly kind: 'url'
      readonly url: string
      readonly from: string
      readonly parts?: DatabaseParts
      readonly targetKey?: string
    }
  | { readonly kind: 'embedded'; readonly directory: string }
  /** None is configured, and only the knexfile may still name one. `error` says so. */
  | { readonly kind: 'none'; readonly error: SchemaError }
  /** Named in part. Thrown where a database is needed and the knexfile names no such one. */
  | { readonly kind: 'faulty'; readonly error: SchemaError; readonly parts?: DatabaseParts }

export interface ConfigEntry {
  readonly key: string
  /** Without secrets. */
  readonly value: string
  readonly source: string
}
