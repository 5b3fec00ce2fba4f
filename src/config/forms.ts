import { isIPv6 } from 'node:net'
import { resolve } from 'node:path'
import { isDuration } from './duration.js'
import { isFile } from './files.js'
import { databaseUrlProblem, isHttpUrl, maskUrl } from './url.js'

/** What values a key takes, how that is said, and how a value is shown. */
export interface Form {
  /** The value of a text, undefined where it is not of this form. Paths start at the root. */
  readonly parse: (text: string, root: string) => unknown
  readonly expected: string
  /** Set where the value is a secret or holds one: it is masked wherever it is shown, and never in an error. */
  readonly secret?: true
  readonly mask?: (text: string) => string
  /** Says what is wrong with a value, where there is more to say than that it is not of this form. */
  readonly problem?: (text: string) => string | undefined
}

/** The values of DATABASE_SSL that are no path. */
export const tlsModes: ReadonlySet<string> = new Set(['disable', 'no-verify', 'verify'])

export const text = { parse: (text: string) => text, expected: 'a text' } as const satisfies Form

export const target = {
  parse: where(isTarget),
  expected: 'letters, digits, - and _ (it names files), and none of base, shared, example, file',
} as const satisfies Form

export const listeningPort = {
  parse: wholeNumber(0, 65_535),
  expected: 'a whole number from 0 to 65535',
} as const satisfies Form

export const serverPort = {
  parse: wholeNumber(1, 65_535),
  expected: 'a whole number from 1 to 65535',
} as const satisfies Form

export const duration = {
  parse: where(isDuration),
  expected: 'a duration such as 500ms, 60s, 5m or 1h, at most 24 days',
} as const satisfies Form

export const folders = {
  parse: where((text) => text.split(',').every((folder) => folder.trim() !== '')),
  expected: 'a folder, or several separated by commas',
} as const satisfies Form

export const serverHost = {
  parse: where(isServerHost),
  expected: 'a host name, an address or the directory of a unix socket, without a port',
} as const satisfies Form

export const certificates = {
  parse: (text: string, root: string) =>
    tlsModes.has(text) || isFile(resolve(root, text)) ? text : undefined,
  expected: "disable, no-verify, verify, or the path of an existing file with the authority's certificate",
} as const satisfies Form

export const httpUrl = {
  parse: where(isHttpUrl),
  expected: 'a URL of http or https',
  mask: maskUrl,
} as const satisfies Form

export const databaseUrl = {
  parse: where((text) => databaseUrlProblem(text) === undefined),
  expected: 'a URL such as postgres://user:password@host:5432/name',
  secret: true,
  mask: maskUrl,
  problem: databaseUrlProblem,
} as const satisfies Form

export const secret = {
  parse: text.parse,
  expected: 'a secret',
  secret: true,
  mask: () => '***',
} as const satisfies Form

/** One of these words. */
export function oneOf<Words extends string[]>(...words: [...Words]) {
  const parse = (text: string): Words[number] | undefined => words.find((word) => word === text)
  return { parse, expected: `one of ${words.join(', ')}` } as const satisfies Form
}

function where(isRight: (text: string) => boolean): (text: string) => string | undefined {
  return (text) => (isRight(text) ? text : undefined)
}

function wholeNumber(from: number, to: number): (text: string) => number | undefined {
  return (text) => {
    const number = text.trim() === '' ? NaN : Number(text)
    return Number.isInteger(number) && number >= from && number <= to ? number : undefined
  }
}

/** Whether a text can be the name of a target: it becomes a part of file names and of a key. */
export function isTarget(name: string): boolean {
  return /^[A-Za-z0-9_-]+$/.test(name) && !/^(base|shared|example|file)$/i.test(name)
}

/** Whether a text can be DB_HOST: a port there would be taken for a part of the name. */
export function isServerHost(host: string): boolean {
  return host.startsWith('/') || isIPv6(host) || !/[\s/:@]/.test(host)
}
