import { type Facts, keysOf } from '../../core/model/catalog.js'
import { quoteIdentifier } from '../identifiers.js'
import {
  type ObjectChange,
  type DdlObject,
  listFact,
  type RenderResult,
  type DdlStep,
  step,
  textFact,
  tableKeyword,
} from '../object.js'
import type { Hazard } from '../statement.js'
import { tableTypeKeyOf } from './column-definition.js'
import { lossOfConversion, storedTypeOf } from './stored-type.js'
import { reorderedValue } from './composite.js'
import { isSameMultirange, isTextMeanwhile } from './range.js'
import { castBetween, castExpression, neverFails } from './type-casts.js'
import { dependsOnTimeZone, inUtc, keepsRowFormat } from './row-format.js'

/** The steps that change type and collation. They drop the default first; the caller sets the new one. */
export function columnTypeSteps({ from, to, facts, carried }: ObjectChange): RenderResult {
  if (!facts.has('type') && !facts.has('collation')) return []
  const isCarried = carried?.has('type') === true || carried?.has('collation') === true
  if (isCarried || tableTypeKeyOf(to) !== null) return dropDefaultSteps(from)
  if (movesWithExtension(from, to)) return []
  const [oldType, newType] = [textFact(from, 'type'), textFact(to, 'type')]
  const stored = { from: storedTypeOf(oldType, from.catalog), to: storedTypeOf(newType, to.catalog) }
  // The name of a swapped type stays the same.
  const isSwapped = facts.has('type') && oldType === newType && isArray(stored.from) === isArray(stored.to)
  const cast = isSwapped || isSameMultirange(from, to) ? 'text' : castBetween(stored.from, stored.to)
  const ownCast = cast === 'none' ? ownCastBetween(from, to) : null
  if (cast === 'none' && ownCast === null)
    return {
      reason:
        oldType === newType
          ? `there is no cast from ${stored.from} to ${stored.to}, which are both ${newType}`
          : `there is no cast from ${oldType} to ${newType}`,
      decide: `how a value becomes a ${newType}: ALTER TABLE ${to.relation} ALTER COLUMN ${to.name} TYPE ${newType} USING …`,
    }
  const collation = textFact(to, 'collation')
  const reordered = isSwapped ? reorderedValue(from, to) : null
  const value = reordered ?? castExpression(to.name, cast, { ...stored, type: newType })
  const using = cast === 'implicit' ? '' : ` USING ${value}`
  const alter = step(
    `ALTER ${tableKeyword(to)} ${to.relation} ALTER COLUMN ${to.name} TYPE ${newType}${collation === '' ? '' : ` COLLATE ${collation}`}${using}`,
    ...(facts.has('type') ? typeChangeHazards(to.relation, oldType, newType) : []),
    ...lossHazards(from, to),
  )
  const steps = [...dropDefaultSteps(from), ownCast === null ? alter : { ...alter, after: [ownCast] }]
  return isTextMeanwhile({ from, to, facts }) ? [typeTextStep(from), ...steps] : steps
}

/** Makes text of the values while there is no type for them. */
function typeTextStep(column: DdlObject): DdlStep {
  const { relation, name } = column
  const clause = `ALTER COLUMN ${name} TYPE text USING ${name}::text`
  return {
    ...step(`ALTER ${tableKeyword(column)} ${relation} ${clause}`, {
      hazard: 'table rewrite',
      table: relation,
    }),
    phase: 'drop',
  }
}

/**
 * The key of what makes a cast that PostgreSQL itself does not have: CREATE CAST, or the extension that both types come from,
 * whose casts are not in the catalog, so that PostgreSQL has to say whether there is one; null where there is none.
 */
function ownCastBetween(from: DdlObject, to: DdlObject): string | null {
  const [source, target] = [from, to].map((column) => textFact(column, 'type').replace(/\([\d,]+\)/, ''))
  const isBetween = (facts: Facts | undefined): boolean =>
    facts !== undefined && facts['source'] === source && facts['target'] === target
  const cast = keysOf(to.catalog).find((key) => key.startsWith('cast:') && isBetween(to.catalog[key]))
  if (cast !== undefined) return cast
  const extension = listFact(from, '$needs').find((key) => key.startsWith('extension:'))
  return extension !== undefined && listFact(to, '$needs').includes(extension) ? extension : null
}

function isArray(type: string): boolean {
  return type.endsWith(']')
}

/** ALTER EXTENSION … SET SCHEMA moves the types of the extension, so the column has the same type under a new name. */
function movesWithExtension(from: DdlObject, to: DdlObject): boolean {
  return listFact(from, '$needs').some((key) => {
    const [oldSchema, newSchema] = [from, to].map(({ catalog }) =>
      quoteIdentifier(textFact({ facts: catalog[key] ?? {} }, 'schema')),
    )
    if (!key.startsWith('extension:') || oldSchema === newSchema) return false
    return textFact(from, 'type').replace(`${oldSchema}.`, `${newSchema}.`) === textFact(to, 'type')
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

function lossHazards(from: DdlObject, to: DdlObject): readonly Hazard[] {
  const loss = lossOfConversion(
    { type: textFact(from, 'type'), catalog: from.catalog },
    { type: textFact(to, 'type'), catalog: to.catalog },
  )
  return loss === null ? [] : [{ hazard: 'data loss', what: `${loss} in ${to.relation}.${to.name}` }]
}

function typeChangeHazards(table: string, oldType: string, newType: string): readonly Hazard[] {
  if (keepsRowFormat(oldType, newType)) return []
  return [
    { hazard: 'table rewrite', table, ...(dependsOnTimeZone(oldType, newType) ? { unless: inUtc } : {}) },
    ...(neverFails(oldType, newType)
      ? []
      : [{ hazard: 'may fail' as const, when: `a value is not a valid ${newType}`, table }]),
  ]
}
