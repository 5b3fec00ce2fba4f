import type { Catalog } from '../../core/model/catalog.js'
import { quoteIdentifier } from '../identifiers.js'
import {
  type ObjectChange,
  type DdlObject,
  keyFromName,
  listFact,
  type RenderResult,
  type DdlStep,
  step,
  textFact,
} from '../object.js'
import type { Hazard } from '../statement.js'
import { parentColumnOf, tableTypeKeyOf } from './column-definition.js'
import { tableKeyword } from './table.js'
import { castBetween, isWidening, type TypePair } from './type-casts.js'

/** The steps that change type and collation; the default is dropped before, and set again by whoever calls this. */
export function columnTypeSteps({ from, to, facts }: ObjectChange): RenderResult {
  if (!facts.has('type') && !facts.has('collation')) return []
  const isGiven = to.facts['$inherited'] === true && parentColumnOf(to) !== undefined
  if (isGiven || tableTypeKeyOf(to) !== null) return dropDefaultSteps(from)
  if (movesWithExtension({ from, to })) return []
  const [was, shall] = [textFact(from, 'type'), textFact(to, 'type')]
  const isSwap = facts.has('type') && was === shall
  const cast = isSwap
    ? 'text'
    : castBetween({ from: resolveBaseType(was, from.catalog), to: resolveBaseType(shall, to.catalog) })
  if (cast === 'none')
    return {
      reason: `there is no cast from ${was} to ${shall}`,
      decide: `how a value becomes a ${shall}: ALTER TABLE ${to.relation} ALTER COLUMN ${to.name} TYPE ${shall} USING …`,
    }
  const collation = textFact(to, 'collation')
  const using = cast === 'implicit' ? '' : ` USING ${castExpression(to, cast)}`
  return [
    ...dropDefaultSteps(from),
    step(
      `ALTER ${tableKeyword(to)} ${to.relation} ALTER COLUMN ${to.name} TYPE ${shall}${collation === '' ? '' : ` COLLATE ${collation}`}${using}`,
      ...typeChangeHazards(to, { from: was, to: shall }),
    ),
  ]
}

/** ALTER EXTENSION … SET SCHEMA takes the type along: it has another name, and is the same. */
function movesWithExtension({ from, to }: Omit<ObjectChange, 'facts'>): boolean {
  return listFact(from, '$needs').some((key) => {
    const [was, shall] = [from, to].map(({ catalog }) =>
      quoteIdentifier(textFact({ facts: catalog[key] ?? {} }, 'schema')),
    )
    if (!key.startsWith('extension:') || was === shall) return false
    return textFact(from, 'type').replace(`${was}.`, `${shall}.`) === textFact(to, 'type')
  })
}

/** The default is an expression of the old type. */
function dropDefaultSteps(from: DdlObject): readonly DdlStep[] {
  if (textFact(from, 'default') === '') return []
  return [
    {
      ...step(`ALTER ${tableKeyword(from)} ${from.relation} ALTER COLUMN ${from.name} DROP DEFAULT`),
      phase: 'release',
    },
  ]
}

function castExpression(to: DdlObject, cast: 'explicit' | 'text'): string {
  const shall = textFact(to, 'type')
  const isArray = shall.endsWith('[]')
  return cast === 'text' ? `${to.name}::text${isArray ? '[]' : ''}::${shall}` : `${to.name}::${shall}`
}

/** A domain stands for its base type, an enum for the word. */
function resolveBaseType(type: string, catalog: Catalog): string {
  const element = type.replace(/\[\]$/, '')
  const array = type.slice(element.length)
  if (!element.includes('.')) return type
  const domain = catalog[keyFromName('domain', element)]
  if (domain !== undefined) return `${resolveBaseType(textFact({ facts: domain }, 'type'), catalog)}${array}`
  return catalog[keyFromName('enum', element)] === undefined ? type : `enum${array}`
}

function typeChangeHazards({ relation: table }: DdlObject, { from, to }: TypePair): readonly Hazard[] {
  const locked: Hazard = { hazard: 'lock', table, lock: 'ACCESS EXCLUSIVE' }
  if (keepsRowFormat(from, to)) return [locked]
  return [
    locked,
    { hazard: 'table rewrite', table },
    ...(isWidening({ from, to })
      ? []
      : [{ hazard: 'may fail' as const, when: `a value is not a valid ${to}`, table }]),
  ]
}

/** Whether PostgreSQL keeps the rows as they are: a longer limit, or none. */
function keepsRowFormat(was: string, shall: string): boolean {
  const [from, to] = [parseTypeModifiers(was), parseTypeModifiers(shall)]
  if (from.name === 'character varying' && (to.name === 'text' || to.name === 'character varying'))
    return to.first === null || (from.first !== null && to.first >= from.first)
  if (from.name === 'text' && to.name === 'character varying') return to.first === null
  if (from.name !== to.name || from.name !== 'numeric') return false
  return to.first === null || (from.first !== null && to.first >= from.first && from.second === to.second)
}

interface TypeModifiers {
  readonly name: string
  readonly first: number | null
  readonly second: number | null
}

function parseTypeModifiers(type: string): TypeModifiers {
  const found = /^(.*?)\((\d+)(?:,(-?\d+))?\)$/.exec(type)
  if (found === null) return { name: type, first: null, second: null }
  return { name: found[1] ?? '', first: Number(found[2]), second: Number(found[3] ?? 0) }
}
