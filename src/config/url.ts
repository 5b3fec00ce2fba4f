import { urlParameterProblem } from './url-parameters.js'

const secretParameter = /password|passwd|secret|token/i
const brokenEscape = /%(?![0-9a-f]{2})/i
/** `a:1,b:2` after the last @ of what comes before the database. */
const severalHosts = /^\w+:\/\/(?:[^/?#]*@)?[\w.:[\]-]+,[\w.,:[\]-]*(?:[/?][^@]*)?$/
const encodeHint = 'a special character in the user, password or name must be percent-encoded'

/**
 * A database URL in a form that `new URL` accepts. pg accepts `postgres://user@/name?host=/cloudsql/x`, `new URL` does not:
 * it gets a host that pg ignores, because the parameter wins.
 */
export function normalizeUrl(text: string): string {
  const named = text.replace('@/', '@localhost/')
  return !URL.canParse(text) && parseUrl(named)?.searchParams.has('host') === true ? named : text
}

/** The parts of a database URL, not percent-encoded; an empty user or password is left out. */
export interface UrlParts {
  readonly host: string
  readonly port: string
  readonly user: string
  readonly password: string
  readonly name: string
}

/** The database URL with these parts. */
export function urlOfParts({ port, name, ...parts }: UrlParts): string {
  const [user, password] = [parts.user, parts.password].map(encodeURIComponent)
  const credentials = user === '' ? '' : password === '' ? `${user}@` : `${user}:${password}@`
  const { host, query } = hostAndQuery(parts.host)
  return `postgres://${credentials}${host}:${port}/${encodeURIComponent(name)}${query}`
}

/** An IPv6 address goes into the query because pg keeps its brackets; the directory of a socket cannot be a host. */
function hostAndQuery(host: string): { readonly host: string; readonly query: string } {
  return /[/:]/.test(host)
    ? { host: 'localhost', query: `?host=${encodeURIComponent(host)}` }
    : { host: encodeURIComponent(host), query: '' }
}

/** What is wrong with a database URL, without quoting any of it; undefined where it is valid. */
export function databaseUrlProblem(text: string): string | undefined {
  if (!/^postgres(ql)?:\/\//.test(text)) return 'does not begin with postgres:// or postgresql://'
  if (brokenEscape.test(text)) return 'has a % that is not followed by two hexadecimal digits'
  if (severalHosts.test(text)) return 'names several hosts, and only one is connected to'
  const url = parseUrl(normalizeUrl(text))
  if (url === undefined) return `cannot be parsed: ${encodeHint}`
  if (url.hostname === '' && !url.searchParams.get('host')) return 'has no host'
  if (url.pathname.length < 2) return 'has no database name'
  if (/[/@]/.test(url.pathname.slice(1)) || url.search.includes('@') || text.includes('#'))
    return `has /, @ or # in a place where a URL cannot have it: ${encodeHint}`
  return urlParameterProblem(url.searchParams)
}

/** Whether the text is an http or https URL. */
export function isHttpUrl(text: string): boolean {
  return /^https?:\/\//.test(text) && URL.canParse(text)
}

/** The URL with `***` for every password. Only `***` if the text is not a URL, because its password cannot be found. */
export function maskUrl(text: string): string {
  const url = parseUrl(normalizeUrl(text))
  if (url === undefined) return '***'
  const parameters = [...url.searchParams.keys()].filter((name) => secretParameter.test(name))
  if (url.password === '' && parameters.length === 0) return text
  if (url.password !== '') url.password = '***'
  for (const name of parameters) url.searchParams.set(name, '***')
  return url.href
}

/** A text that should hold no secret, without the credentials of a URL that is there by mistake. */
export function maskCredentials(text: string): string {
  return text.replace(/:\/\/.*@/s, '://***@')
}

/** An unexpected word of the command line, which may be a URL or a part of one. */
export function maskWord(word: string): string {
  return word.replace(/^.*@/s, '***@')
}

/** Does not call `new URL` in a try: its error carries the input, and so the password. */
function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined
}
