import { toPrintable } from '../../core/text/printable.js'

/** Who connects to which database: everything about a URL that is no secret. */
export interface DatabaseAddress {
  readonly user: string
  readonly host: string
  readonly port: number
  readonly name: string
}

/** The address of a connection, for people. Unix sockets show their directory as the host. */
export function addressOf({ url }: { readonly url: string }): DatabaseAddress {
  const { username, hostname, port, pathname, searchParams } = new URL(url)
  return {
    user: decodeURIComponent(username) || (searchParams.get('user') ?? 'postgres'),
    host: (searchParams.get('host') ?? hostname) || 'localhost',
    port: Number(port || 5432),
    name: decodeURIComponent(pathname.slice(1)),
  }
}

/** `user@host:port/name`, the form every line and error uses. */
export function describeAddress({ user, host, port, name }: DatabaseAddress): string {
  return toPrintable(`${user}@${host}:${port}/${name}`)
}
