import { literal } from '../identifiers.js'
import { type DdlObject, type Step, step, text } from '../object.js'
import type { Passage } from './comment.js'

/**
 * ALTER … OWNER TO, by the object's reference (`TABLE public.songs`). What is made is its maker's, which is taken for the
 * owner of the database.
 */
export function ownerSteps({ from, to }: Passage, reference: string): readonly Step[] {
  const owner = text(to, 'owner')
  if (owner === (from === undefined ? '' : text(from, 'owner')) || followsTable(from, to)) return []
  if (owner === '') return [step(withDatabaseOwner((role) => `ALTER ${reference} OWNER TO ${role}`))]
  return [step(`ALTER ${reference} OWNER TO ${owner}`)]
}

/** PostgreSQL keeps the owner of an index, and of a sequence that a column owns, the same as that of the table. */
function followsTable(from: DdlObject | undefined, to: DdlObject): boolean {
  if (to.kind === 'index') return true
  return from !== undefined && text(from, 'ownedBy') !== '' && text(from, 'ownedBy') === text(to, 'ownedBy')
}

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
