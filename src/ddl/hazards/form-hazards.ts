import type { Catalog } from '../../core/model/catalog.js'
import { type DdlObject, findObject, textFact } from '../object.js'
import { type Hazard, lockModes, type LockMode, type Statement } from '../statement.js'
import { reachedRelations } from './reached-relations.js'
import { type Effect, type StatementForm, statementForms } from './statement-forms.js'

/** The catalogs between which a statement runs. */
interface Sides {
  readonly from: Catalog
  readonly to: Catalog
}

/**
 * The statement with the hazards of its form: each relation that it locks, with the strongest lock where there are
 * several; what it rewrites or reads below its own table; and its other effects.
 *
 * @param place the key of the object, or of the relation that the statement names instead
 */
export function withFormHazards(statement: Statement, place: string, sides: Sides): Statement {
  const form = formOf(statement.sql)
  if (form === undefined) return statement
  const scans = reachedBy(place, form.scans ?? [], sides).map((scan): Hazard => ({
    hazard: 'full scan',
    ...scan,
  }))
  const locks = reachedBy(place, form.locks, sides).map((lock): Hazard => ({ hazard: 'lock', ...lock }))
  const effects = (form.effects ?? []).flatMap((effect) => effectHazards(effect, statement.key, sides))
  const own = withWhatIsBelow(statement, form, sides)
  const all = [...effects, ...(form.hasRows === false ? own.filter(isNotAboutRows) : own), ...scans, ...locks]
  return { ...statement, hazards: inOrder(withStrongestLocks(withSureRewrites(all))) }
}

function isNotAboutRows({ hazard }: Hazard): boolean {
  return hazard !== 'table rewrite' && hazard !== 'full scan' && hazard !== 'may fail'
}

/** A statement that stands for others, which have their hazards: it does to others what they do. */
export function withParts(statement: Statement, parts: readonly Statement[]): Statement {
  const hazards = parts.flatMap((part) => part.hazards)
  const once = new Map(hazards.map((hazard) => [JSON.stringify(hazard), hazard]))
  return { ...statement, parts, hazards: inOrder(withStrongestLocks(withSureRewrites([...once.values()]))) }
}

/** The form of a statement of a plan; undefined for one that has no hazards of its form. */
export function formOf(sql: string): StatementForm | undefined {
  return patterns.find(({ pattern }) => pattern.test(sql))?.form
}

const patterns = statementForms.map((form) => ({ form, pattern: formPattern(form) }))

function formPattern({ form }: StatementForm): RegExp {
  const name = String.raw`(?:"(?:[^"]|"")*"|[^\s"])+`
  return new RegExp(`^${form.replace(/[($]/g, String.raw`\$&`).replaceAll(' … ', ` ${name} `)}`)
}

interface TableLock {
  readonly table: string
  readonly lock: LockMode
}

/** The relations that are reached, by their names in SQL. */
function reachedBy(key: string, places: StatementForm['locks'], { from, to }: Sides): readonly TableLock[] {
  return places.flatMap(([lock, ...reaches]) => {
    const names = [from, to].flatMap((catalog) =>
      reaches.flatMap((reach) =>
        reachedRelations(catalog, key, reach).flatMap((one) => findObject(catalog, one)?.name ?? []),
      ),
    )
    return [...new Set(names)].map((table) => ({ table, lock }))
  })
}

/** What is rewritten in any case is so whatever the session is set to. */
function withSureRewrites(hazards: readonly Hazard[]): readonly Hazard[] {
  const rewrites = hazards.flatMap((one) => (one.hazard === 'table rewrite' ? [one] : []))
  const sure = new Set(rewrites.filter(({ unless }) => unless === undefined).map(({ table }) => table))
  return hazards.filter(
    (one) => one.hazard !== 'table rewrite' || one.unless === undefined || !sure.has(one.table),
  )
}

/** One lock for each relation: the strongest. A scan says under which lock it reads. */
function withStrongestLocks(hazards: readonly Hazard[]): readonly Hazard[] {
  const strongest = new Map<string, LockMode>()
  for (const hazard of hazards)
    if (hazard.hazard === 'lock')
      strongest.set(hazard.table, strongerLock(hazard.lock, strongest.get(hazard.table)))
  for (const hazard of hazards)
    if (hazard.hazard === 'full scan' && strongest.get(hazard.table) === hazard.lock)
      strongest.delete(hazard.table)
  return [
    ...hazards.filter(({ hazard }) => hazard !== 'lock'),
    ...[...strongest].map(([table, lock]): Hazard => ({ hazard: 'lock', table, lock })),
  ]
}

function strongerLock(one: LockMode, other: LockMode = one): LockMode {
  return lockModes.indexOf(one) < lockModes.indexOf(other) ? one : other
}

const order: readonly Hazard['hazard'][] = [
  'data loss',
  'index dropped',
  'authorization',
  'replica identity',
  'kept results',
  'untraced',
  'lock',
  'table rewrite',
  'full scan',
  'may fail',
  'outside a transaction',
]

function inOrder(hazards: readonly Hazard[]): readonly Hazard[] {
  return order.flatMap((name) => hazards.filter(({ hazard }) => hazard === name))
}

/** What is rewritten or read in a table is so in all tables below it, where the statement reaches them. */
function withWhatIsBelow(
  { key, hazards }: Statement,
  { locks }: StatementForm,
  sides: Sides,
): readonly Hazard[] {
  if (!locks.some(([, ...reaches]) => reaches.includes('below'))) return hazards
  return hazards.flatMap((hazard): readonly Hazard[] => {
    if (hazard.hazard !== 'table rewrite' && hazard.hazard !== 'full scan') return [hazard]
    const below = reachedBy(key, [['ACCESS EXCLUSIVE', 'below']], sides)
    return [hazard, ...below.map(({ table }) => ({ ...hazard, table }))]
  })
}

function effectHazards(effect: Effect, key: string, { from, to }: Sides): readonly Hazard[] {
  const object = findObject(from, key) ?? findObject(to, key)
  if (object === undefined) return []
  const { kind, name, names, relation, signature } = object
  switch (effect) {
    case 'index dropped':
      return hasIndex(object) ? [{ hazard: effect, index: name, table: relation }] : []
    case 'authorization':
      return [
        {
          hazard: effect,
          what: kind === 'default_privileges' ? `new ${names.join('.')}` : `${relation}${signature}`,
        },
      ]
    case 'replica identity':
      return [{ hazard: effect, table: relation }]
    case 'untraced':
      return [{ hazard: effect, what: `${name}${signature}` }]
  }
}

/** Whether it is an index, or a constraint that has one. */
function hasIndex(object: DdlObject): boolean {
  return object.kind === 'index' || ['primary key', 'unique', 'exclude'].includes(textFact(object, 'type'))
}
