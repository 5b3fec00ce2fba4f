import type { Facts } from '../../core/model/catalog.js'
import { dependentsOf } from '../dependencies.js'
import { type DdlObject, findObject, textFact } from '../object.js'
import { partsNamingColumn } from '../column-parts.js'
import { type CatalogPair, createsObject, type Intent } from './intents.js'
import { isMadeAgain } from './predecessors.js'

/**
 * Adds the intents for settings that PostgreSQL forgets though the plan does not change them: the replica identity of a table
 * whose index is made again, and the statistics targets of what it makes again itself for a column.
 */
export function restoreLostSettings(intents: Map<string, Intent>, catalogs: CatalogPair): void {
  for (const intent of intents.values())
    for (const [key, fact] of lostSettings(intent, catalogs)) restoreSetting(intents, catalogs, key, fact)
}

/** A setting that is lost: the key of its object, and its fact. */
type LostSetting = readonly [key: string, fact: string]

function lostSettings(intent: Intent, { from }: CatalogPair): readonly LostSetting[] {
  if (createsObject(intent) && 'to' in intent) return lostWithIndex(intent.to)
  if (intent.action !== 'alter' || intent.from.kind !== 'column' || !isMadeAgain(intent)) return []
  const statistics = [...(dependentsOf(from).get(intent.from.key) ?? [])]
  return [
    ...partsNamingColumn(intent.from).map((key) => [key, 'statistics'] as const),
    ...statistics.filter((key) => key.startsWith('statistics:')).map((key) => [key, 'target'] as const),
  ]
}

function lostWithIndex({
  kind,
  name,
  catalog,
  relationKey = '',
  predecessor,
}: DdlObject): readonly LostSetting[] {
  if ((kind !== 'index' && kind !== 'constraint') || predecessor !== undefined) return []
  const identity = textFact({ facts: catalog[relationKey] ?? {} }, 'replicaIdentity')
  return identity === `using index ${name}` ? [[relationKey, 'replicaIdentity']] : []
}

/** An object that is altered, or not touched otherwise, is altered from what it is without the setting. */
function restoreSetting(
  intents: Map<string, Intent>,
  catalogs: CatalogPair,
  key: string,
  fact: string,
): void {
  const planned = intents.get(key)
  const [from, to] = [findObject(catalogs.from, key), findObject(catalogs.to, key)]
  if (from === undefined || to === undefined || to.facts[fact] === undefined) return
  if (planned !== undefined && planned.action !== 'alter') return
  const facts = new Set([...(planned?.facts ?? []), fact])
  intents.set(key, {
    ...(planned ?? { action: 'alter', to }),
    from: { ...from, facts: withoutFact(from.facts, fact) },
    facts,
  })
}

function withoutFact(facts: Facts, omitted: string): Facts {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => name !== omitted))
}
