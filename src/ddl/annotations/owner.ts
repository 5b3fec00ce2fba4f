import { quoteLiteral } from '../identifiers.js'
import { type DdlObject, type DdlStep, step, textFact } from '../object.js'

/**
 * ALTER … OWNER TO, by the object's reference (`TABLE public.songs`). A created object belongs to the role that creates
 * it, which is assumed to be the owner of the database.
 *
 * @param from undefined for an object that is created
 */
export function ownerSteps(
  from: DdlObject | undefined,
  to: DdlObject,
  reference: string,
): readonly DdlStep[] {
  const owner = textFact(to, 'owner')
  if (owner === (from === undefined ? '' : textFact(from, 'owner')) || ownerFollowsTable(from, to)) return []
  if (owner === '') return [step(withDatabaseOwner((role) => `ALTER ${reference} OWNER TO ${role}`))]
  return [step(`ALTER ${reference} OWNER TO ${owner}`)]
}

/** PostgreSQL gives an index, and a sequence that a column owns, the owner of the table. */
export function ownerFollowsTable(from: DdlObject | undefined, to: DdlObject): boolean {
  if (to.kind === 'index') return true
  return (
    from !== undefined &&
    textFact(from, 'ownedBy') !== '' &&
    textFact(from, 'ownedBy') === textFact(to, 'ownedBy')
  )
}

const databaseOwnerQuery = '(SELECT datdba::regrole FROM pg_database WHERE datname = current_database())'

/**
 * A statement with the role that owns the database where `render` puts its argument. The catalog does not contain the
 * name of that role, so the statement is a DO block in which PostgreSQL looks it up.
 */
export function withDatabaseOwner(render: (role: string) => string): string {
  const placeholder = '\u0000'
  const parts = render(placeholder)
    .split(placeholder)
    .map((part) => (part === '' ? '' : quoteLiteral(part)))
  const text = parts
    .flatMap((part, index) => (index === 0 ? [part] : [databaseOwnerQuery, part]))
    .filter((part) => part !== '')
  return `DO ${dollarQuoteBody(`BEGIN EXECUTE ${text.join(' || ')}; END`)}`
}

function dollarQuoteBody(body: string): string {
  return body.includes('$') ? quoteLiteral(body) : `$$${body}$$`
}
