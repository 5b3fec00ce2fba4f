import { quoteLiteral } from '../identifiers.js'
import { type DdlObject, type DdlStep, step, textFact } from '../object.js'
import type { ObjectTransition } from './comment.js'

/**
 * ALTER … OWNER TO, by the object's reference (`TABLE public.songs`). What is made is its maker's, which is taken for the
 * owner of the database.
 */
export function ownerSteps({ from, to }: ObjectTransition, reference: string): readonly DdlStep[] {
  const owner = textFact(to, 'owner')
  if (owner === (from === undefined ? '' : textFact(from, 'owner')) || ownerFollowsTable(from, to)) return []
  if (owner === '') return [step(withDatabaseOwner((role) => `ALTER ${reference} OWNER TO ${role}`))]
  return [step(`ALTER ${reference} OWNER TO ${owner}`)]
}

/** PostgreSQL keeps the owner of an index, and of a sequence that a column owns, the same as that of the table. */
function ownerFollowsTable(from: DdlObject | undefined, to: DdlObject): boolean {
  if (to.kind === 'index') return true
  return (
    from !== undefined &&
    textFact(from, 'ownedBy') !== '' &&
    textFact(from, 'ownedBy') === textFact(to, 'ownedBy')
  )
}

const databaseOwnerQuery = '(SELECT datdba::regrole FROM pg_database WHERE datname = current_database())'

/**
 * A statement with the role that owns the database in the places where `render` puts what it is given. No catalog has
 * that role's name, so PostgreSQL fills it in.
 */
export function withDatabaseOwner(render: (role: string) => string): string {
  const place = '\u0000'
  const parts = render(place)
    .split(place)
    .map((part) => (part === '' ? '' : quoteLiteral(part)))
  const text = parts
    .flatMap((part, index) => (index === 0 ? [part] : [databaseOwnerQuery, part]))
    .filter((part) => part !== '')
  return `DO ${dollarQuoteBody(`BEGIN EXECUTE ${text.join(' || ')}; END`)}`
}

function dollarQuoteBody(body: string): string {
  return body.includes('$') ? quoteLiteral(body) : `$$${body}$$`
}
