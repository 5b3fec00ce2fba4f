const commentFacts = ['comment', 'columnComments', 'constraintComments', 'indexComment']
const grantFacts = ['grants', 'columnGrants']
const annotationFacts = new Set([...commentFacts, ...grantFacts, 'owner'])

/** Whether a fact is a comment, an owner or a grant, which are written in the same way for every kind. */
export const isAnnotation = (fact: string): boolean => annotationFacts.has(fact)

/** Which of COMMENT ON, GRANT and OWNER TO a change of some facts requires. */
export function changedAnnotations(facts: ReadonlySet<string>): {
  readonly comments: boolean
  readonly grants: boolean
  readonly owner: boolean
} {
  return {
    comments: commentFacts.some((fact) => facts.has(fact)),
    grants: grantFacts.some((fact) => facts.has(fact)),
    owner: facts.has('owner'),
  }
}
