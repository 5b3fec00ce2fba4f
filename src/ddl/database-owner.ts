import { literal } from './identifiers.js'

const owner = '(SELECT datdba::regrole FROM pg_database WHERE datname = current_database())'

/**
 * A statement with the role that owns the database in the places where `render` puts what it is given. No catalog has
 * that role's name, so PostgreSQL fills it in.
 */
export function withDatabaseOwner(render: (role: string) => string): string {
  const place = '\u0000'
  const parts = render(place)
    .split(place)
    .map((part) => (part === '' ? '' : literal(part)))
  const text = parts
    .flatMap((part, index) => (index === 0 ? [part] : [owner, part]))
    .filter((part) => part !== '')
  return `DO ${quoted(`BEGIN EXECUTE ${text.join(' || ')}; END`)}`
}

function quoted(body: string): string {
  return body.includes('$') ? literal(body) : `$$${body}$$`
}
