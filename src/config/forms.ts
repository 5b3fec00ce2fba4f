import { isIPv6 } from 'node:net'
import { Type, type TSchema } from 'typebox'
import { databaseUrlProblem, maskUrl } from './url.js'

/** What values a key takes, how that is said, and how a value is shown. */
export interface Form {
  readonly schema: TSchema
  readonly expected: string
  /** Set where the value is a secret or holds one: it is masked wherever it is shown, and never in an error. */
  readonly secret?: true
  readonly mask?: (text: string) => string
  /** Says what is wrong with a value, where there is more to say than that it is not of this form. */
  readonly problem?: (text: string) => string | undefined
}

/** The values of DATABASE_SSL that are no path. */
export const tlsModes: ReadonlySet<string> = new Set(['disable', 'no-verify', 'verify'])

export const text = { schema: Type.String(), expected: 'a text' } as const satisfies Form

export const target = {
  schema: Type.String({ format: 'target' }),
  expected: 'letters, digits, - and _ (it names files), and none of base, shared, example, file',
} as const satisfies Form

export const listeningPort = {
  schema: Type.Integer({ minimum: 0, maximum: 65_535 }),
  expected: 'a whole number from 0 to 65535',
} as const satisfies Form

export const serverPort = {
  schema: Type.Integer({ minimum: 1, maximum: 65_535 }),
  expected: 'a whole number from 1 to 65535',
} as const satisfies Form

export const duration = {
  schema: Type.String({ format: 'duration' }),
  expected: 'a duration such as 500ms, 60s, 5m or 1h, at most 24 days',
} as const satisfies Form

export const folders = {
  schema: Type.String({ pattern: '^\\s*[^\\s,][^,]*(,\\s*[^\\s,][^,]*)*$' }),
  expected: 'a folder, or several separated by commas',
} as const satisfies Form

export const serverHost = {
  schema: Type.String({ format: 'server-host' }),
  expected: 'a host name, an address or the directory of a unix socket, without a port',
} as const satisfies Form

export const certificates = {
  schema: Type.String({ format: 'certificates' }),
  expected: "disable, no-verify, verify, or the path of an existing file with the authority's certificate",
} as const satisfies Form

export const httpUrl = {
  schema: Type.String({ format: 'http-url' }),
  expected: 'a URL of http or https',
  mask: maskUrl,
} as const satisfies Form

export const databaseUrl = {
  schema: Type.String({ format: 'database-url' }),
  expected: 'a URL such as postgres://user:password@host:5432/name',
  secret: true,
  mask: maskUrl,
  problem: databaseUrlProblem,
} as const satisfies Form

export const secret = {
  schema: Type.String(),
  expected: 'a secret',
  secret: true,
  mask: () => '***',
} as const satisfies Form

/** One of these words. */
export function oneOf<Words extends string[]>(...words: [...Words]) {
  return { schema: Type.Enum(words), expected: `one of ${words.join(', ')}` } as const satisfies Form
}

/** Whether a text can be the name of a target: it becomes a part of file names and of a key. */
export function isTarget(name: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(name) && !/^(base|shared|example|file)$/i.test(name)
}

/** Whether a text can be DB_HOST: a port there would be taken for a part of the name. */
export function isServerHost(host: string): boolean {
  return host.startsWith('/') || isIPv6(host) || !/[\s/:@]/.test(host)
}
