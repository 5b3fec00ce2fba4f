import { isIPv6 } from 'node:net'
import { ignoreProblem, showIgnore } from './ignore.js'
import { databaseUrlProblem, maskUrl } from './url.js'

/** TypeBox would cost a start more than all of the rest of the configuration does. */
export type FormSchema =
  | { readonly type: 'string'; readonly format?: string; readonly pattern?: string }
  | { readonly type: 'integer'; readonly minimum: number; readonly maximum: number }
  | { readonly type: 'string'; readonly enum: readonly string[] }

/** What values a key takes, how that is said, and how a value is shown. */
export interface Form {
  /** JSON schema, as env-schema takes it; the formats are those of validate.ts. */
  readonly schema: FormSchema
  readonly expected: string
  /** Set where the value is a secret or holds one: it is masked wherever it is shown, and never in an error. */
  readonly secret?: true
  readonly mask?: (text: string) => string
  /** Says what is wrong with a value, where there is more to say than that it is not of this form. */
  readonly problem?: (text: string) => string | undefined
  /** Set where a JSON file may hold a list, which is handed on as JSON text. */
  readonly list?: true
}

/** The values of DATABASE_SSL that are no path. */
export const tlsModes: ReadonlySet<string> = new Set(['disable', 'no-verify', 'verify'])

export const text = { schema: { type: 'string' }, expected: 'a text' } as const satisfies Form

/** It stands in lines of the log, in pages, in the ledger and in what is told to the fleet. */
export const label = {
  schema: { type: 'string', pattern: '^[^\\p{Cc}\\p{Cs}\\u2028\\u2029]{1,200}$' },
  expected: 'one line of at most 200 characters',
} as const satisfies Form

export const target = {
  schema: { type: 'string', format: 'target' },
  expected:
    'a letter or digit, then at most 62 letters, digits, - and _ (it names files), and none of base, shared, example, file',
} as const satisfies Form

export const listeningPort = {
  schema: { type: 'integer', minimum: 0, maximum: 65_535 },
  expected: 'a whole number from 0 to 65535',
} as const satisfies Form

export const serverPort = {
  schema: { type: 'integer', minimum: 1, maximum: 65_535 },
  expected: 'a whole number from 1 to 65535',
} as const satisfies Form

export const duration = {
  schema: { type: 'string', format: 'duration' },
  expected: 'a duration such as 500ms, 60s, 5m or 1h, at most 24 days',
} as const satisfies Form

/** A URL that got there by mistake would be shown as a path, with its password. */
export const file = {
  schema: { type: 'string', pattern: '^(?!.*://)' },
  expected: 'the path of a file or folder',
} as const satisfies Form

export const folders = {
  schema: { type: 'string', pattern: '^(?!.*://)\\s*[^\\s,][^,]*(,\\s*[^\\s,][^,]*)*$' },
  expected: 'a folder, or several separated by commas',
} as const satisfies Form

export const environments = {
  schema: { type: 'string', pattern: '^\\s*[A-Za-z0-9_-]+\\s*(,\\s*[A-Za-z0-9_-]+\\s*)*$' },
  expected: 'an environment, several separated by commas, or none',
} as const satisfies Form

export const serverHost = {
  schema: { type: 'string', format: 'server-host' },
  expected: 'a host name, an address or the directory of a unix socket, without a port',
} as const satisfies Form

export const certificates = {
  schema: { type: 'string', format: 'certificates' },
  expected: "disable, no-verify, verify, or the path of an existing file with the authority's certificate",
} as const satisfies Form

export const httpUrl = {
  schema: { type: 'string', format: 'http-url' },
  expected: 'a URL of http or https',
  mask: maskUrl,
} as const satisfies Form

export const databaseUrl = {
  schema: { type: 'string', format: 'database-url' },
  expected: 'a URL such as postgres://user:password@host:5432/name',
  secret: true,
  mask: maskUrl,
  problem: databaseUrlProblem,
} as const satisfies Form

export const secret = {
  schema: { type: 'string' },
  expected: 'a secret',
  secret: true,
  mask: () => '***',
} as const satisfies Form

export const ignoreRules = {
  schema: { type: 'string', format: 'ignore-rules' },
  expected:
    'patterns on object keys such as table:public.events_p* or schema:audit, separated by commas; in JSON a list of them or of { "pattern", "reason" }',
  mask: showIgnore,
  problem: ignoreProblem,
  list: true,
} as const satisfies Form

/** A form of a few words. */
export interface WordForm<Word extends string> {
  readonly schema: { readonly type: 'string'; readonly enum: readonly Word[] }
  readonly expected: string
}

/** One of these words. */
export function oneOf<Word extends string>(...words: readonly Word[]): WordForm<Word> {
  return { schema: { type: 'string', enum: words }, expected: `one of ${words.join(', ')}` }
}

export const yesOrNo = oneOf('true', 'false', '1', '0')

/** Whether a text can be the name of a target: it becomes a part of file names and of a key. */
export function isTarget(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(name) && !/^(base|shared|example|file)$/i.test(name)
}

/** Whether a text can be DB_HOST: a port there would be taken for a part of the name. */
export function isServerHost(host: string): boolean {
  return host.startsWith('/') || isIPv6(host) || !/[\s/:@]/.test(host)
}

/** A key of the configuration. Its default is a text as an environment variable would hold it, or null for none. */
export interface Key extends Form {
  readonly default: string | null
  /** The default in words, where the text does not say it. */
  readonly otherwise?: string
  readonly description: string
}
