import { quoteIdentifier } from '../identifiers.js'
import {
  type ObjectChange,
  type DdlObject,
  booleanFact,
  type KindDdl,
  listFact,
  step,
  textFact,
} from '../object.js'

/** The clauses of CREATE and ALTER POLICY by fact. */
const policyClauses: Readonly<Record<string, (policy: DdlObject) => string>> = {
  roles: (policy) => ` TO ${listFact(policy, 'roles').map(quoteIdentifier).join(', ')}`,
  using: (policy) => ` USING (${textFact(policy, 'using')})`,
  withCheck: (policy) => ` WITH CHECK (${textFact(policy, 'withCheck')})`,
}

export const policyDdl: KindDdl = {
  reference: ({ name, relation }) => `POLICY ${name} ON ${relation}`,
  create: (object) => [
    step(
      `CREATE POLICY ${object.name} ON ${object.relation}${booleanFact(object, 'permissive') ? '' : ' AS RESTRICTIVE'} FOR ${textFact(object, 'command').toUpperCase()}${renderPolicyClauses(object, () => true)}`,
    ),
  ],
  drop: (object) => [step(`DROP POLICY ${object.name} ON ${object.relation}`)],
  alter: (change) => {
    if (mustRecreatePolicy(change)) return 'replace'
    const { to, facts } = change
    const changed = renderPolicyClauses(to, (fact) => facts.has(fact))
    return [step(`ALTER POLICY ${to.name} ON ${to.relation}${changed}`)]
  },
}

function renderPolicyClauses(object: DdlObject, includes: (fact: string) => boolean): string {
  return Object.entries(policyClauses)
    .filter(([fact]) => object.facts[fact] !== undefined && includes(fact))
    .map(([, render]) => render(object))
    .join('')
}

/** ALTER POLICY can change an expression but not remove it. */
function mustRecreatePolicy({ to, facts }: ObjectChange): boolean {
  return [...facts].some((fact) => policyClauses[fact] === undefined || to.facts[fact] === undefined)
}
