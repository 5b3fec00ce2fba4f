import type { Catalog } from '../../core/model/catalog.js'
import { keyFromName, listFact, textFact } from '../object.js'
import { lossBetween } from './type-losses.js'

/** What a value of a type is stored as: the base type of a domain, `enum` for an enum, otherwise the type itself. */
export function storedTypeOf(type: string, catalog: Catalog): string {
  const element = type.replace(/(?:\[\])+$/, '')
  const brackets = type.slice(element.length)
  if (!element.includes('.')) return type
  const domain = catalog[keyFromName('domain', element)]
  if (domain !== undefined) return `${storedTypeOf(textFact({ facts: domain }, 'type'), catalog)}${brackets}`
  return catalog[keyFromName('enum', element)] === undefined ? type : `enum${brackets}`
}

/** A type, and the catalog that says what it is. */
export interface CatalogType {
  readonly type: string
  readonly catalog: Catalog
}

/** What values lose without an error in a conversion, also those inside a domain or a composite type; null if nothing. */
export function lossOfConversion(from: CatalogType, to: CatalogType): string | null {
  const [before, after] = [storedTypeOf(from.type, from.catalog), storedTypeOf(to.type, to.catalog)]
  const attributes = attributesOf(after, to.catalog)
  const losses = [...attributesOf(before, from.catalog)].map(([name, type]) => {
    const other = attributes.get(name)
    return other === undefined || (type === other && !type.includes('.'))
      ? null
      : lossOfConversion({ type, catalog: from.catalog }, { type: other, catalog: to.catalog })
  })
  return losses.find((loss) => loss !== null) ?? lossBetween(before, after)
}

/** The types of the attributes of a composite type by name; none for other types. */
function attributesOf(type: string, catalog: Catalog): ReadonlyMap<string, string> {
  const element = type.replace(/(?:\[\])+$/, '')
  const facts = element.includes('.') ? catalog[keyFromName('composite', element)] : undefined
  const attributes = facts === undefined ? [] : listFact({ facts }, 'attributes')
  return new Map(
    attributes.map((attribute) => {
      const name = /^(?:"(?:[^"]|"")*"|\S+)/.exec(attribute)?.[0] ?? ''
      return [name, attribute.slice(name.length + 1).replace(/ collate .*$/s, '')]
    }),
  )
}
