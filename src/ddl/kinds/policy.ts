import { ident } from '../identifiers.js'
import { type Change, type DdlObject, is, type KindDdl, list, type Step, step, text } from '../object.js'

/** The clauses of CREATE and ALTER POLICY by fact. */
const clauses: Readonly<Record<string, (policy: DdlObject) => string>> = {
  roles: (policy) => ` TO ${list(policy, 'roles').map(ident).join(', ')}`,
  using: (policy) => ` USING (${text(policy, 'using')})`,
  withCheck: (policy) => ` WITH CHECK (${text(policy, 'withCheck')})`,
}

export const policy: KindDdl = {
  reference: ({ name, relation }) => `POLICY ${name} ON ${relation}`,
  create: (object) => [
    stepOn(
      object,
      `CREATE POLICY ${object.name} ON ${object.relation}${is(object, 'permissive') ? '' : ' AS RESTRICTIVE'} FOR ${text(object, 'command').toUpperCase()}${clausesOf(object, () => true)}`,
    ),
  ],
  drop: (object) => [stepOn(object, `DROP POLICY ${object.name} ON ${object.relation}`)],
  alter: (change) => {
    if (mustBeMadeAnew(change)) return 'replace'
    const { to, facts } = change
    const changed = clausesOf(to, (fact) => facts.has(fact))
    return [stepOn(to, `ALTER POLICY ${to.name} ON ${to.relation}${changed}`)]
  },
}

function clausesOf(object: DdlObject, isWanted: (fact: string) => boolean): string {
  return Object.entries(clauses)
    .filter(([fact]) => object.facts[fact] !== undefined && isWanted(fact))
    .map(([, render]) => render(object))
    .join('')
}

/** ALTER POLICY changes an expression, and cannot take one away. */
function mustBeMadeAnew({ to, facts }: Change): boolean {
  return [...facts].some((fact) => clauses[fact] === undefined || to.facts[fact] === undefined)
}

function stepOn({ relation }: DdlObject, sql: string): Step {
  return step(sql, { hazard: 'lock', table: relation, lock: 'ACCESS EXCLUSIVE' })
}
