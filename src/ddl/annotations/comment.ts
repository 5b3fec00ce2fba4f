import type { Fact } from '../../core/model/catalog.js'
import { ident, literal } from '../identifiers.js'
import { splitNamed } from '../named-text.js'
import { type DdlObject, list, type Step, step } from '../object.js'

/** An object as it is, if it is there already, and as it shall be. */
export interface Passage {
  readonly from?: DdlObject
  readonly to: DdlObject
}

/** What belongs to an object without being one, by the fact that lists what is written about it: its reference. */
const parts: Readonly<Record<string, (object: DdlObject, part: string) => string>> = {
  columnComments: ({ name }, column) => `COLUMN ${name}.${column}`,
  constraintComments: ({ name }, constraint) => `CONSTRAINT ${constraint} ON DOMAIN ${name}`,
}

/**
 * COMMENT ON for the object itself, by its reference (`TABLE public.songs`), and for the parts of it that are not objects
 * of their own. Nothing where it is said already.
 */
export function commentSteps({ from, to }: Passage, reference: string): readonly Step[] {
  return [
    ...commentStep({ on: reference, was: from?.facts['comment'], shall: to.facts['comment'] }),
    ...commentStep({ on: indexOf(to), was: from?.facts['indexComment'], shall: to.facts['indexComment'] }),
    ...Object.keys(parts).flatMap((fact) => partSteps({ ...(from && { from }), to }, fact)),
  ]
}

function partSteps({ from, to }: Passage, fact: string): readonly Step[] {
  const [was, shall] = [commentsByPart(from, fact), commentsByPart(to, fact)]
  return [...new Set([...was.keys(), ...shall.keys()])].flatMap((part) =>
    commentStep({ on: parts[fact]?.(to, part) ?? '', was: was.get(part), shall: shall.get(part) }),
  )
}

function commentsByPart(object: DdlObject | undefined, fact: string): ReadonlyMap<string, string> {
  const entries = object === undefined ? [] : list(object, fact).map(splitNamed)
  return new Map(entries.map(({ name, text }) => [name, text]))
}

/** The index of a constraint has its name. */
function indexOf({ names, name }: DdlObject): string {
  return `INDEX ${ident(names[0] ?? '')}.${name}`
}

interface Comment {
  readonly on: string
  readonly was: Fact | undefined
  readonly shall: Fact | undefined
}

function commentStep({ on, was, shall }: Comment): readonly Step[] {
  if (was === shall) return []
  return [step(`COMMENT ON ${on} IS ${shall === undefined ? 'NULL' : literal(String(shall))}`)]
}
