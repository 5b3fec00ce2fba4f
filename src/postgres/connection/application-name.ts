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
const longest = 63
const releaseLength = 8
const unknown = '-'

/** `schemagate HOST RELEASE REVISION`, in printable ASCII. What is too long keeps the end of the host, the beginning of the revision. */
export function applicationName({ host, release, revision }: SessionName): string {
  const [hostWord, revisionWord] = [wordOf(host), wordOf(revision)]
  const releaseWord = wordOf(release).slice(0, releaseLength)
  const space = longest - `schemagate ${releaseWord}  `.length
  const half = Math.floor(space / 2)
  const hostLength = Math.max(half, space - revisionWord.length)
  const shortHost = hostWord.slice(-hostLength)
  return `schemagate ${shortHost} ${releaseWord} ${revisionWord.slice(0, space - shortHost.length)}`
}

/** What such a name says; null where it is not one. */
export function sessionNameFrom(application: string): SessionName | null {
  const [, host, release, revision] = /^schemagate (\S+) (\S+) (\S+)$/.exec(application) ?? []
  if (host === undefined || release === undefined || revision === undefined) return null
  return { host: known(host), release: known(release), revision: known(revision) }
}

function known(word: string): string | null {
  return word === unknown ? null : word
}

/** A text as a word of an application_name, which is printable ASCII to PostgreSQL. */
export function wordOf(text: string | null): string {
  return text?.replaceAll(/[^!-~]+/g, '_') || unknown
}
