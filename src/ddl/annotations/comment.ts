import type { Fact } from '../../core/model/catalog.js'
import { quoteIdentifier, quoteLiteral } from '../identifiers.js'
import { splitNamedText } from '../named-text.js'
import { type DdlObject, listFact, type DdlStep, step } from '../object.js'

/** An object as it is, if it is there already, and as it shall be. */
export interface ObjectTransition {
  readonly from?: DdlObject
  readonly to: DdlObject
}

/** What belongs to an object without being one, by the fact that lists what is written about it: its reference. */
const partReferences: Readonly<Record<string, (object: DdlObject, part: string) => string>> = {
  columnComments: ({ name }, column) => `COLUMN ${name}.${column}`,
  constraintComments: ({ name }, constraint) => `CONSTRAINT ${constraint} ON DOMAIN ${name}`,
}

/**
 * COMMENT ON for the object itself, by its reference (`TABLE public.songs`), and for the parts of it that are not objects
 * of their own. Nothing where it is said already.
 */
export function commentSteps({ from, to }: ObjectTransition, reference: string): readonly DdlStep[] {
  return [
    ...commentStep({ on: reference, was: from?.facts['comment'], shall: to.facts['comment'] }),
    ...commentStep({
      on: indexReference(to),
      was: from?.facts['indexComment'],
      shall: to.facts['indexComment'],
    }),
    ...Object.keys(partReferences).flatMap((fact) => partCommentSteps({ ...(from && { from }), to }, fact)),
  ]
}

function partCommentSteps({ from, to }: ObjectTransition, fact: string): readonly DdlStep[] {
  const [was, shall] = [commentsByPart(from, fact), commentsByPart(to, fact)]
  return [...new Set([...was.keys(), ...shall.keys()])].flatMap((part) =>
    commentStep({ on: partReferences[fact]?.(to, part) ?? '', was: was.get(part), shall: shall.get(part) }),
  )
}

function commentsByPart(object: DdlObject | undefined, fact: string): ReadonlyMap<string, string> {
  const entries = object === undefined ? [] : listFact(object, fact).map(splitNamedText)
  return new Map(entries.map(({ name, text }) => [name, text]))
}

/** The index of a constraint has its name. */
function indexReference({ names, name }: DdlObject): string {
  return `INDEX ${quoteIdentifier(names[0] ?? '')}.${name}`
}

interface CommentChange {
  readonly on: string
  readonly was: Fact | undefined
  readonly shall: Fact | undefined
}

function commentStep({ on, was, shall }: CommentChange): readonly DdlStep[] {
  if (was === shall) return []
  return [step(`COMMENT ON ${on} IS ${shall === undefined ? 'NULL' : quoteLiteral(String(shall))}`)]
}
