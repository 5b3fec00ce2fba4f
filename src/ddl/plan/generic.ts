const comments = ['comment', 'columnComments', 'constraintComments', 'indexComment']
const grants = ['grants', 'columnGrants']
const all = new Set([...comments, ...grants, 'owner'])

/** Facts that are written alike for every kind, and are not a kind's own business. */
export const isGeneric = (fact: string): boolean => all.has(fact)

/** Which of the generic statements a change of some facts asks for. */
export function genericChanges(facts: ReadonlySet<string>): {
  readonly comments: boolean
  readonly grants: boolean
  readonly owner: boolean
} {
  return {
    comments: comments.some((fact) => facts.has(fact)),
    grants: grants.some((fact) => facts.has(fact)),
    owner: facts.has('owner'),
  }
}
