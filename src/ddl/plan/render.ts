import type { Catalog } from '../../core/model/catalog.js'
import { commentSteps } from '../annotations/comment.js'
import { grantSteps } from '../annotations/grants.js'
import { ownerSteps } from '../annotations/owner.js'
import { ident } from '../identifiers.js'
import { ddlKinds } from '../kinds/registry.js'
import {
  type Change,
  type DdlObject,
  type KindDdl,
  type Phase,
  type Rendered,
  step,
  type Step,
} from '../object.js'
import type { Refusal } from '../statement.js'
import { genericChanges, isGeneric } from './generic.js'
import type { Intent } from './intents.js'

/** A step whose phase is settled. */
export type PhasedStep = Step & { readonly phase: Phase }

export type RenderedIntent = { readonly steps: readonly PhasedStep[] } | { readonly refusal: Refusal }

/** The steps of an intent, or why there are none. `present` is the catalog of the database they run on. */
export function renderIntent(intent: Intent, present: Catalog): RenderedIntent {
  const object = objectOf(intent)
  const kind = ddlKinds[object.kind]
  if (kind === undefined) return refused(object, unknownKind)
  const parts = partsOf(intent, { kind, present })
  const steps: PhasedStep[] = []
  for (const { phase, rendered } of parts) {
    if ('reason' in rendered) return refused(object, rendered)
    steps.push(...rendered.map((step) => ({ ...step, phase: step.phase ?? phase })))
  }
  return { steps }
}

/** The object an intent is about: as it shall be, or as it was where it is only dropped. */
export function objectOf(intent: Intent): DdlObject {
  return intent.action === 'drop' ? intent.from : intent.to
}

const unknownKind = {
  reason: 'how this kind of object is written is not known',
  decide: 'write the statement by hand',
}

function refused({ key }: DdlObject, { reason, decide }: Omit<Refusal, 'key'>): RenderedIntent {
  return { refusal: { key, reason, decide } }
}

interface Part {
  readonly phase: Phase
  readonly rendered: Rendered
}

interface Manner {
  readonly kind: KindDdl
  /** The catalog of the database the steps run on. */
  readonly present: Catalog
}

function partsOf(intent: Intent, { kind, present }: Manner): readonly Part[] {
  switch (intent.action) {
    case 'create':
      return made(intent.to, { kind, present })
    case 'drop':
      return intent.goesWith !== null ? [] : [{ phase: 'drop', rendered: dropped(intent.from, kind) }]
    case 'alter':
      return [
        { phase: 'alter', rendered: altered(intent, kind) },
        { phase: 'alter', rendered: genericSteps(intent, kind) },
        ...(intent.needed === undefined
          ? []
          : [{ phase: 'attach' as const, rendered: rebound(intent, kind) }]),
      ]
    case 'rebind':
      return [{ phase: 'attach', rendered: rebound(intent, kind) }]
    case 'replace':
      return [
        ...(intent.swap ? swapped(intent) : endedBy(intent, kind)),
        ...made(intent.to, { kind, present }),
      ]
    case 'refuse':
      return [
        {
          phase: 'alter',
          rendered: {
            reason: `it needs ${intent.needed}, which has to be made anew, and it cannot be without it for a moment`,
            decide: 'how its rows are kept meanwhile',
          },
        },
      ]
  }
}

function rebound(
  { from, to, needed = '' }: Extract<Intent, { action: 'alter' | 'rebind' }>,
  kind: KindDdl,
): Rendered {
  return kind.rebind?.({ from, to }, needed) ?? []
}

function endedBy(intent: Extract<Intent, { action: 'replace' }>, kind: KindDdl): readonly Part[] {
  return intent.goesWith !== null ? [] : [{ phase: 'drop', rendered: dropped(intent.from, kind) }]
}

function dropped(object: DdlObject, kind: KindDdl): Rendered {
  return kind.drop?.(object) ?? [step(`DROP ${kind.reference(object)}`)]
}

/** The old type under another name until columns have left it. */
function swapped({ from }: { readonly from: DdlObject }): readonly Part[] {
  const [schema = '', name = ''] = from.names
  const old = ident(`${name.slice(0, 50)}__replaced`)
  return [
    { phase: 'release', rendered: [step(`ALTER TYPE ${from.name} RENAME TO ${old}`)] },
    { phase: 'attach', rendered: [step(`DROP TYPE ${ident(schema)}.${old}`)] },
  ]
}

function made(to: DdlObject, { kind, present }: Manner): readonly Part[] {
  const reference = kind.reference(to)
  return [
    { phase: 'create', rendered: kind.create(to) },
    {
      phase: 'create',
      rendered: [
        ...ownerSteps({ to }, reference),
        ...grantSteps({ to, present }),
        ...commentSteps({ to }, reference),
      ],
    },
  ]
}

function altered({ from, to, facts }: Change, kind: KindDdl): Rendered {
  const own = new Set([...facts].filter((fact) => !isGeneric(fact)))
  if (own.size === 0) return []
  const answer = kind.alter?.({ from, to, facts: own }) ?? 'replace'
  return answer === 'replace' ? [] : answer
}

function genericSteps({ from, to, facts }: Change, kind: KindDdl): readonly Step[] {
  const reference = kind.reference(to)
  const changes = genericChanges(facts)
  return [
    ...(changes.owner ? ownerSteps({ from, to }, reference) : []),
    ...(changes.grants ? grantSteps({ from, to }) : []),
    ...(changes.comments ? commentSteps({ from, to }, reference) : []),
  ]
}
