import type { Catalog } from '../../core/model/catalog.js'
import { ident } from '../identifiers.js'
import {
  type Change,
  type DdlObject,
  keyOfName,
  list,
  type Rendered,
  type Step,
  step,
  text,
} from '../object.js'
import type { Hazard } from '../statement.js'
import { castBetween, isWidened, type TypePair } from './casts.js'
import { parentColumnOf, typeOfTable } from './column-definition.js'
import { tableWord } from './table.js'

/** The steps that change type and collation; the default is dropped before, and set again by whoever calls this. */
export function typeSteps({ from, to, facts }: Change): Rendered {
  if (!facts.has('type') && !facts.has('collation')) return []
  const isGiven = to.facts['$inherited'] === true && parentColumnOf(to) !== undefined
  if (isGiven || typeOfTable(to) !== null) return defaultDropped(from)
  if (movesWithExtension({ from, to })) return []
  const [was, shall] = [text(from, 'type'), text(to, 'type')]
  const isSwap = facts.has('type') && was === shall
  const cast = isSwap
    ? 'text'
    : castBetween({ was: resolved(was, from.catalog), shall: resolved(shall, to.catalog) })
  if (cast === 'none')
    return {
      reason: `there is no cast from ${was} to ${shall}`,
      decide: `how a value becomes a ${shall}: ALTER TABLE ${to.relation} ALTER COLUMN ${to.name} TYPE ${shall} USING …`,
    }
  const collation = text(to, 'collation')
  const using = cast === 'implicit' ? '' : ` USING ${castExpression(to, cast)}`
  return [
    ...defaultDropped(from),
    step(
      `ALTER ${tableWord(to)} ${to.relation} ALTER COLUMN ${to.name} TYPE ${shall}${collation === '' ? '' : ` COLLATE ${collation}`}${using}`,
      ...hazardsOf(to, { was, shall }),
    ),
  ]
}

/** ALTER EXTENSION … SET SCHEMA takes the type along: it has another name, and is the same. */
function movesWithExtension({ from, to }: Omit<Change, 'facts'>): boolean {
  return list(from, '$needs').some((key) => {
    const [was, shall] = [from, to].map(({ catalog }) => ident(text({ facts: catalog[key] ?? {} }, 'schema')))
    if (!key.startsWith('extension:') || was === shall) return false
    return text(from, 'type').replace(`${was}.`, `${shall}.`) === text(to, 'type')
  })
}

/** The default is an expression of the old type. */
function defaultDropped(from: DdlObject): readonly Step[] {
  if (text(from, 'default') === '') return []
  return [
    {
      ...step(`ALTER ${tableWord(from)} ${from.relation} ALTER COLUMN ${from.name} DROP DEFAULT`),
      phase: 'release',
    },
  ]
}

function castExpression(to: DdlObject, cast: 'explicit' | 'text'): string {
  const shall = text(to, 'type')
  const isArray = shall.endsWith('[]')
  return cast === 'text' ? `${to.name}::text${isArray ? '[]' : ''}::${shall}` : `${to.name}::${shall}`
}

/** A domain stands for its base type, an enum for the word. */
function resolved(type: string, catalog: Catalog): string {
  const element = type.replace(/\[\]$/, '')
  const array = type.slice(element.length)
  if (!element.includes('.')) return type
  const domain = catalog[keyOfName('domain', element)]
  if (domain !== undefined) return `${resolved(text({ facts: domain }, 'type'), catalog)}${array}`
  return catalog[keyOfName('enum', element)] === undefined ? type : `enum${array}`
}

function hazardsOf({ relation: table }: DdlObject, { was, shall }: TypePair): readonly Hazard[] {
  const locked: Hazard = { hazard: 'lock', table, lock: 'ACCESS EXCLUSIVE' }
  if (isRelabelled(was, shall)) return [locked]
  return [
    locked,
    { hazard: 'table rewrite', table },
    ...(isWidened({ was, shall })
      ? []
      : [{ hazard: 'may fail' as const, when: `a value is not a valid ${shall}`, table }]),
  ]
}

/** Whether PostgreSQL keeps the rows as they are: a longer limit, or none. */
function isRelabelled(was: string, shall: string): boolean {
  const [from, to] = [modifiers(was), modifiers(shall)]
  if (from.name === 'character varying' && (to.name === 'text' || to.name === 'character varying'))
    return to.first === null || (from.first !== null && to.first >= from.first)
  if (from.name === 'text' && to.name === 'character varying') return to.first === null
  if (from.name !== to.name || from.name !== 'numeric') return false
  return to.first === null || (from.first !== null && to.first >= from.first && from.second === to.second)
}

interface Modified {
  readonly name: string
  readonly first: number | null
  readonly second: number | null
}

function modifiers(type: string): Modified {
  const found = /^(.*?)\((\d+)(?:,(-?\d+))?\)$/.exec(type)
  if (found === null) return { name: type, first: null, second: null }
  return { name: found[1] ?? '', first: Number(found[2]), second: Number(found[3] ?? 0) }
}
