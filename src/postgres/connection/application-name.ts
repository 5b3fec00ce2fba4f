/** What the application_name of a migrating session tells other sessions. */
export interface SessionName {
  /** Null where the name does not say, like the release. */
  readonly host: string | null
  readonly release: string | null
  /** The revision that runs, or `waitingForLock`; null between two revisions. */
  readonly revision: string | null
}

/** Stands in place of a revision until the session has the lock. */
export const waitingForLock = 'waiting'

/** PostgreSQL truncates a longer application_name. */
const maxApplicationNameLength = 63
const maxReleaseLength = 8
const unknownPart = '-'

/**
 * `schemagate HOST RELEASE REVISION`, in printable ASCII, at most 63 characters. A long host keeps its end, a long revision
 * its beginning.
 */
export function formatApplicationName({ host, release, revision }: SessionName): string {
  const revisionPart = toNamePart(revision)
  const releasePart = toNamePart(release).slice(0, maxReleaseLength)
  const space = maxApplicationNameLength - `schemagate ${releasePart}  `.length
  const hostLength = Math.max(Math.floor(space / 2), space - revisionPart.length)
  const hostPart = toNamePart(host).slice(-hostLength)
  return `schemagate ${hostPart} ${releasePart} ${revisionPart.slice(0, space - hostPart.length)}`
}

/** Parses an application_name; null where schemagate did not write it. */
export function parseApplicationName(application: string): SessionName | null {
  const [, host, release, revision] = /^schemagate (\S+) (\S+) (\S+)$/.exec(application) ?? []
  if (host === undefined || release === undefined || revision === undefined) return null
  return { host: parseNamePart(host), release: parseNamePart(release), revision: parseNamePart(revision) }
}

function parseNamePart(part: string): string | null {
  return part === unknownPart ? null : part
}

/** A text as one part of an application_name, in which PostgreSQL allows only printable ASCII. */
export function toNamePart(text: string | null): string {
  return text?.replaceAll(/[^!-~]+/g, '_') || unknownPart
}

/** The application_name of the connection that pings for the session with this process id. */
export function watchdogName(pid: number | ''): string {
  return `schemagate watchdog-${pid}`
}
