/** Who a session that migrates is, and where it stands: what others read in pg_stat_activity. */
export interface SessionName {
  /** Null, like the release, where it is not known. */
  readonly host: string | null
  readonly release: string | null
  /** The revision that runs; `waitingForLock`; null between two revisions. */
  readonly revision: string | null
}

/** What a session says in place of a revision until it has the lock. */
export const waitingForLock = 'waiting'

/** PostgreSQL cuts an application_name there. */
const maxApplicationNameLength = 63
const maxReleaseLength = 8
const unknownPart = '-'

/** `schemagate HOST RELEASE REVISION`, in printable ASCII. What is too long keeps the end of the host, the beginning of the revision. */
export function formatApplicationName({ host, release, revision }: SessionName): string {
  const [hostWord, revisionWord] = [toNamePart(host), toNamePart(revision)]
  const releaseWord = toNamePart(release).slice(0, maxReleaseLength)
  const space = maxApplicationNameLength - `schemagate ${releaseWord}  `.length
  const half = Math.floor(space / 2)
  const hostLength = Math.max(half, space - revisionWord.length)
  const shortHost = hostWord.slice(-hostLength)
  return `schemagate ${shortHost} ${releaseWord} ${revisionWord.slice(0, space - shortHost.length)}`
}

/** What such a name says; null where it is not one. */
export function parseApplicationName(application: string): SessionName | null {
  const [, host, release, revision] = /^schemagate (\S+) (\S+) (\S+)$/.exec(application) ?? []
  if (host === undefined || release === undefined || revision === undefined) return null
  return { host: parseNamePart(host), release: parseNamePart(release), revision: parseNamePart(revision) }
}

function parseNamePart(word: string): string | null {
  return word === unknownPart ? null : word
}

/** A text as a word of an application_name, which is printable ASCII to PostgreSQL. */
export function toNamePart(text: string | null): string {
  return text?.replaceAll(/[^!-~]+/g, '_') || unknownPart
}
