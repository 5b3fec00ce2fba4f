const commentAnnotations = ['comment', 'columnComments', 'constraintComments', 'indexComment']
const grantAnnotations = ['grants', 'columnGrants']
const annotationFacts = new Set([...commentAnnotations, ...grantAnnotations, 'owner'])

/** Facts that are written alike for every kind, and are not a kind's own business. */
export const isAnnotation = (fact: string): boolean => annotationFacts.has(fact)

/** Which of the generic statements a change of some facts asks for. */
export function changedAnnotations(facts: ReadonlySet<string>): {
  readonly comments: boolean
  readonly grants: boolean
  readonly owner: boolean
} {
  return {
    comments: commentAnnotations.some((fact) => facts.has(fact)),
    grants: grantAnnotations.some((fact) => facts.has(fact)),
    owner: facts.has('owner'),
  }
}
