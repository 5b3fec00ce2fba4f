import { toPrintable } from '../../core/text/printable.js'

/** The parts of a URL that are not secret: who connects to which database. */
export interface DatabaseAddress {
  readonly user: string
  readonly host: string
  readonly port: number
  readonly name: string
}

/** The address of a connection, for people to read. The host of a Unix socket is its directory. Parameters win, as for pg. */
export function addressOf({ url }: { readonly url: string }): DatabaseAddress {
  const { username, hostname, port, pathname, searchParams } = new URL(url)
  return {
    user: (searchParams.get('user') ?? decodeURIComponent(username)) || 'postgres',
    host: (searchParams.get('host') ?? hostname) || 'localhost',
    port: Number((searchParams.get('port') ?? port) || 5432),
    name: decodeURIComponent(pathname.slice(1)),
  }
}

/** `user@host:port/name`, as log lines and errors show it. */
export function describeAddress({ user, host, port, name }: DatabaseAddress): string {
  return toPrintable(`${user}@${host}:${port}/${name}`)
}
