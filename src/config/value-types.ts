import { isIPv6 } from 'node:net'
import { ignoreProblem, formatIgnoreRules } from './ignore.js'
import { databaseUrlProblem, maskUrl } from './url.js'

/** The part of JSON schema that the keys need, as plain objects: TypeBox would more than double the time of reading them. */
export type ValueSchema =
  | { readonly type: 'string'; readonly format?: string; readonly pattern?: string }
  | { readonly type: 'integer'; readonly minimum: number; readonly maximum: number }
  | { readonly type: 'string'; readonly enum: readonly string[] }

/** Which values a key takes, how errors describe them, and how a value is shown. */
export interface ValueType {
  /** The formats are those of validate.ts. */
  readonly schema: ValueSchema
  readonly expected: string
  /** Set where the value is a secret or can hold one. */
  readonly secret?: true
  /** The value as it is shown; default: without the credentials of a URL. */
  readonly mask?: (text: string) => string
  /** What is wrong with a value, for a more exact fault; undefined where it is valid. */
  readonly problem?: (text: string) => string | undefined
  /** Set where a JSON file may hold a list. It becomes JSON text. */
  readonly list?: true
}

/** The values of DATABASE_SSL that are not paths. */
export const tlsModes: ReadonlySet<string> = new Set(['disable', 'no-verify', 'verify'])

export const stringType = { schema: { type: 'string' }, expected: 'text' } as const satisfies ValueType

/** A name that is shown in log lines and on pages, and recorded in the ledger and by the fleet. */
export const labelType = {
  schema: { type: 'string', pattern: '^[^\\p{Cc}\\p{Cs}\\u2028\\u2029]{1,200}$' },
  expected: 'one line of at most 200 characters',
} as const satisfies ValueType

export const targetType = {
  schema: { type: 'string', format: 'target' },
  expected:
    'at most 63 letters, digits, - and _, beginning with a letter or digit (it names files), except base, shared, example and file',
} as const satisfies ValueType

export const listeningPortType = {
  schema: { type: 'integer', minimum: 0, maximum: 65_535 },
  expected: 'a whole number from 0 to 65535',
} as const satisfies ValueType

export const serverPortType = {
  schema: { type: 'integer', minimum: 1, maximum: 65_535 },
  expected: 'a whole number from 1 to 65535',
} as const satisfies ValueType

export const durationType = {
  schema: { type: 'string', format: 'duration' },
  expected: 'a duration such as 500ms, 60s, 5m or 1h, at most 24 days',
} as const satisfies ValueType

/** Not a URL: it would be shown as a path, with its password. */
export const fileType = {
  schema: { type: 'string', pattern: '^(?!.*://)' },
  expected: 'the path of a file or folder',
} as const satisfies ValueType

export const foldersType = {
  schema: { type: 'string', pattern: '^(?!.*://)\\s*[^\\s,][^,]*(,\\s*[^\\s,][^,]*)*$' },
  expected: 'a folder, or several separated by commas',
} as const satisfies ValueType

export const buildSourceType = {
  schema: { type: 'string', pattern: '^(?:migrations|snapshot|models:(?!.*://).*\\S.*)$' },
  expected: '`migrations`, `snapshot` or `models:FILE`',
} as const satisfies ValueType

/** Names of hazards and the like; which there are, the command knows. */
export const namesType = {
  schema: { type: 'string', pattern: '^[a-z-]+(?: *, *[a-z-]+)*$' },
  expected: 'names with commas between them',
} as const satisfies ValueType

export const environmentsType = {
  schema: { type: 'string', pattern: '^\\s*[A-Za-z0-9_-]+\\s*(,\\s*[A-Za-z0-9_-]+\\s*)*$' },
  expected: 'one environment, several separated by commas, or none',
} as const satisfies ValueType

export const serverHostType = {
  schema: { type: 'string', format: 'server-host' },
  expected: 'a host name, an address or the directory of a unix socket, without a port',
} as const satisfies ValueType

export const certificatesType = {
  schema: { type: 'string', format: 'certificates' },
  expected: 'disable, no-verify, verify, or the path of an existing file with a CA certificate',
} as const satisfies ValueType

export const httpUrlType = {
  schema: { type: 'string', format: 'http-url' },
  expected: 'an http or https URL',
  secret: true,
  mask: maskUrl,
} as const satisfies ValueType

export const databaseUrlType = {
  schema: { type: 'string', format: 'database-url' },
  expected: 'a URL such as postgres://user:password@host:5432/name',
  secret: true,
  mask: maskUrl,
  problem: databaseUrlProblem,
} as const satisfies ValueType

export const secretType = {
  schema: { type: 'string' },
  expected: 'a secret',
  secret: true,
  mask: () => '***',
} as const satisfies ValueType

/** It may hold a credential. */
export const commandType = {
  schema: { type: 'string' },
  expected: 'a command of the shell',
  secret: true,
  mask: () => '***',
} as const satisfies ValueType

export const ignoreRulesType = {
  schema: { type: 'string', format: 'ignore-rules' },
  expected:
    'patterns of object keys such as table:public.events_p* or schema:audit, separated by commas; in JSON a list of patterns or of { "pattern", "reason" }',
  mask: formatIgnoreRules,
  problem: ignoreProblem,
  list: true,
} as const satisfies ValueType

/** The type of a key that takes one of a few words. */
export interface EnumType<Word extends string> {
  readonly schema: { readonly type: 'string'; readonly enum: readonly Word[] }
  readonly expected: string
}

export function enumType<Word extends string>(...words: readonly Word[]): EnumType<Word> {
  return { schema: { type: 'string', enum: words }, expected: `one of ${words.join(', ')}` }
}

export const booleanType = enumType('true', 'false', '1', '0')

/** Whether a text can be a target. It becomes part of file names and of DATABASE_URL_{TARGET}. */
export function isTarget(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(name) && !/^(base|shared|example|file)$/i.test(name)
}

/** Whether a text can be DB_HOST. A port would be taken as part of the name. */
export function isServerHost(host: string): boolean {
  return host.startsWith('/') || isIPv6(host) || !/[\s/:@]/.test(host)
}

/** A configuration key. Its default is text, as in an environment variable; null for none. */
export interface ConfigKey extends ValueType {
  readonly default: string | null
  /** The default for people, where the value alone does not explain it. */
  readonly defaultNote?: string
  readonly description: string
}
