import { type Fact, sameFact } from '../../core/model/catalog.js'
import type { DdlObject } from '../object.js'
import type { KeptTree } from '../tree.js'
import type { Intent } from './intents.js'

type Alteration = Extract<Intent, { action: 'alter' }>

/** The facts of a column that a statement for its table sets on the children, too. */
const carriedByColumn = ['default', 'generated', 'storage', 'statistics', 'nullable'] as const
const notNullFacts = ['nullable', 'valid', 'notNullNoInherit', 'notNullName']

/** The facts that a child's column has to be given after, or before, the parent's is altered, because it is otherwise. */
export function restatedFacts(parent: Alteration, child: DdlObject): readonly string[] {
  return carriedByColumn.filter((fact) => touches(parent, fact) && !isAsInParent(parent.to, child, fact))
}

function touches({ from, to, facts }: Alteration, fact: string): boolean {
  if (fact === 'nullable') return notNullFacts.some((name) => facts.has(name))
  if (facts.has(fact)) return true
  const hasDefault = from.facts['default'] !== undefined || to.facts['default'] !== undefined
  return fact === 'default' && hasDefault && (facts.has('type') || facts.has('collation'))
}

function isAsInParent(parent: DdlObject, child: DdlObject, fact: string): boolean {
  if (fact !== 'nullable') return sameFact(parent.facts[fact], child.facts[fact])
  const isSame = (name: string): boolean => sameFact(parent.facts[name], child.facts[name])
  return isSame('nullable') && isSame('valid') && parent.facts['notNullNoInherit'] === undefined
}

/** The facts of an alteration that the one of a parent changes in the same way, so that nothing is left to do. */
export function carriedFacts(
  intent: Alteration,
  intents: ReadonlyMap<string, Intent>,
  { parentsOf }: KeptTree,
): ReadonlySet<string> {
  const carried = new Set<string>()
  for (const key of parentsOf.get(intent.to.key) ?? []) {
    const parent = intents.get(key)
    if (parent?.action !== 'alter') continue
    const names = intent.to.kind === 'column' ? columnFacts : constraintFacts
    for (const fact of names) if (isCarried(parent, intent, fact)) carried.add(fact)
  }
  return carried
}

const columnFacts = ['type', 'collation', 'valid', ...carriedByColumn]
const constraintFacts = ['definition', 'valid']

function isCarried(parent: Alteration, child: Alteration, fact: string): boolean {
  // A column of a child always has the type of the parent's.
  if (fact === 'type' || fact === 'collation') return parent.facts.has(fact)
  if (child.to.kind === 'column' && notNullFacts.includes(fact))
    // A child may have a NOT NULL of its own, which stays when that of the parent is dropped.
    return (
      touches(parent, 'nullable') &&
      child.to.facts['nullable'] === false &&
      isAsInParent(parent.to, child.to, 'nullable')
    )
  const change = ({ from, to }: Alteration): readonly (Fact | undefined)[] => [
    from.facts[fact],
    to.facts[fact],
  ]
  const [before, after] = change(child)
  const [parentBefore, parentAfter] = change(parent)
  return touches(parent, fact) && sameFact(before, parentBefore) && sameFact(after, parentAfter)
}
