import type { Fact } from '../../core/model/catalog.js'
import { quoteIdentifier, quoteLiteral } from '../identifiers.js'
import { splitNamedText } from '../named-text.js'
import { type DdlObject, listFact, type DdlStep, step } from '../object.js'

/** Parts that are not objects of their own, by the fact that lists their comments: how COMMENT ON names them. */
const partReferences: Readonly<Record<string, (object: DdlObject, part: string) => string>> = {
  columnComments: ({ name }, column) => `COLUMN ${name}.${column}`,
  constraintComments: ({ name }, constraint) => `CONSTRAINT ${constraint} ON DOMAIN ${name}`,
}

/**
 * COMMENT ON for the comments that differ: of the object itself, by its reference (`TABLE public.songs`), of the index
 * of a constraint, and of parts that are not objects of their own.
 *
 * @param from undefined for an object that is created
 */
export function commentSteps(
  from: DdlObject | undefined,
  to: DdlObject,
  reference: string,
): readonly DdlStep[] {
  return [
    ...commentStep(reference, from?.facts['comment'], to.facts['comment']),
    ...commentStep(indexReference(to), from?.facts['indexComment'], to.facts['indexComment']),
    ...Object.entries(partReferences).flatMap(([fact, partReference]) => {
      if (from?.facts[fact] === to.facts[fact]) return []
      const [before, after] = [commentsByPart(from, fact), commentsByPart(to, fact)]
      const parts = new Set([...[...before.keys()].filter((part) => hasPart(to, part)), ...after.keys()])
      return [...parts].flatMap((part) =>
        commentStep(partReference(to, part), before.get(part), after.get(part)),
      )
    }),
  ]
}

/** Whether a part is still there: what is dropped takes its comment with it. */
function hasPart(object: DdlObject, part: string): boolean {
  return ['columns', 'attributes', 'constraints'].some((fact) =>
    listFact(object, fact).some((entry) => entry.startsWith(`${part} `)),
  )
}

function commentsByPart(object: DdlObject | undefined, fact: string): ReadonlyMap<string, string> {
  const entries = object === undefined ? [] : listFact(object, fact).map(splitNamedText)
  return new Map(entries.map(({ name, text }) => [name, text]))
}

/** The index of a constraint has the name of the constraint. */
function indexReference({ names, name }: DdlObject): string {
  return `INDEX ${quoteIdentifier(names[0] ?? '')}.${name}`
}

function commentStep(on: string, before: Fact | undefined, after: Fact | undefined): readonly DdlStep[] {
  if (before === after) return []
  return [step(`COMMENT ON ${on} IS ${after === undefined ? 'NULL' : quoteLiteral(String(after))}`)]
}
