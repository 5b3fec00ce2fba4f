import type { Passage } from './comment.js'
import { withDatabaseOwner } from '../database-owner.js'
import { type DdlObject, type Step, step, text } from '../object.js'

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
