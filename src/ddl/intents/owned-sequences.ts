import { keysOf } from '../../core/model/catalog.js'
import { findObject, keyFromName, relationOrOwnKey, textFact } from '../object.js'
import { type CatalogPair, dropsObject, type Intent } from './intents.js'

/**
 * PostgreSQL drops a sequence with the column that owns it, so it has no drop of its own; and one that stays gives up the
 * column before, and gets it again where the column is made again.
 */
export function followOwners(intents: Map<string, Intent>, { from, to }: CatalogPair): void {
  for (const key of keysOf(from)) {
    const owner = key.startsWith('sequence:') ? textFact({ facts: from[key] ?? {} }, 'ownedBy') : ''
    if (owner === '') continue
    const column = keyFromName('column', owner)
    const holder = [relationOrOwnKey(from, column), column].find((held) => dropsObject(intents.get(held)))
    const intent = intents.get(key)
    const [before, after] = [findObject(from, key), findObject(to, key)]
    if (intent?.action === 'drop') intents.set(key, { ...intent, droppedWith: holder ?? null })
    else if (holder !== undefined && before !== undefined && after !== undefined && !dropsObject(intent))
      intents.set(key, {
        action: 'alter',
        from: before,
        to: after,
        facts: new Set([...(intent?.action === 'alter' ? intent.facts : []), 'ownedBy']),
      })
  }
}
