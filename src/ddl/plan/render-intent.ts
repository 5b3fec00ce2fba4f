import type { Catalog } from '../../core/model/catalog.js'
import { commentSteps } from '../annotations/comment.js'
import { grantSteps } from '../annotations/grants.js'
import { ownerSteps } from '../annotations/owner.js'
import { quoteIdentifier } from '../identifiers.js'
import { ddlKinds } from '../kinds/registry.js'
import {
  type ObjectChange,
  type DdlObject,
  type KindDdl,
  type StepPhase,
  type RenderResult,
  step,
  type DdlStep,
} from '../object.js'
import type { PlanRefusal } from '../statement.js'
import { changedAnnotations, isAnnotation } from './annotation-facts.js'
import type { Intent } from './intents.js'

/** A step whose phase is settled. */
export type PhasedStep = DdlStep & { readonly phase: StepPhase }

export type RenderedIntent = { readonly steps: readonly PhasedStep[] } | { readonly refusal: PlanRefusal }

/** The steps of an intent, or why there are none. `present` is the catalog of the database they run on. */
export function renderIntent(intent: Intent, present: Catalog): RenderedIntent {
  const object = objectOf(intent)
  const kind = ddlKinds[object.kind]
  if (kind === undefined) return refuseIntent(object, unknownKindRefusal)
  const parts = renderParts(intent, { kind, present })
  const steps: PhasedStep[] = []
  for (const { phase, rendered } of parts) {
    if ('reason' in rendered) return refuseIntent(object, rendered)
    steps.push(...rendered.map((step) => ({ ...step, phase: step.phase ?? phase })))
  }
  return { steps }
}

/** The object an intent is about: as it shall be, or as it was where it is only dropped. */
export function objectOf(intent: Intent): DdlObject {
  return intent.action === 'drop' ? intent.from : intent.to
}

const unknownKindRefusal = {
  reason: 'how this kind of object is written is not known',
  decide: 'write the statement by hand',
}

function refuseIntent({ key }: DdlObject, { reason, decide }: Omit<PlanRefusal, 'key'>): RenderedIntent {
  return { refusal: { key, reason, decide } }
}

interface RenderedPart {
  readonly phase: StepPhase
  readonly rendered: RenderResult
}

interface RenderContext {
  readonly kind: KindDdl
  /** The catalog of the database the steps run on. */
  readonly present: Catalog
}

function renderParts(intent: Intent, { kind, present }: RenderContext): readonly RenderedPart[] {
  switch (intent.action) {
    case 'create':
      return renderCreate(intent.to, { kind, present })
    case 'drop':
      return intent.droppedWith !== null ? [] : [{ phase: 'drop', rendered: renderDrop(intent.from, kind) }]
    case 'alter':
      return [
        { phase: 'alter', rendered: renderAlter(intent, kind) },
        { phase: 'alter', rendered: annotationSteps(intent, kind) },
        ...(intent.needed === undefined
          ? []
          : [{ phase: 'attach' as const, rendered: renderRebind(intent, kind) }]),
      ]
    case 'rebind':
      return [{ phase: 'attach', rendered: renderRebind(intent, kind) }]
    case 'replace':
      return [
        ...(intent.swap ? renderTypeSwap(intent) : renderReplacedDrop(intent, kind)),
        ...renderCreate(intent.to, { kind, present }),
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

function renderRebind(
  { from, to, needed = '' }: Extract<Intent, { action: 'alter' | 'rebind' }>,
  kind: KindDdl,
): RenderResult {
  return kind.rebind?.({ from, to }, needed) ?? []
}

function renderReplacedDrop(
  intent: Extract<Intent, { action: 'replace' }>,
  kind: KindDdl,
): readonly RenderedPart[] {
  return intent.droppedWith !== null ? [] : [{ phase: 'drop', rendered: renderDrop(intent.from, kind) }]
}

function renderDrop(object: DdlObject, kind: KindDdl): RenderResult {
  return kind.drop?.(object) ?? [step(`DROP ${kind.reference(object)}`)]
}

/** The old type under another name until columns have left it. */
function renderTypeSwap({ from }: { readonly from: DdlObject }): readonly RenderedPart[] {
  const [schema = '', name = ''] = from.names
  const old = quoteIdentifier(`${name.slice(0, 50)}__replaced`)
  return [
    { phase: 'release', rendered: [step(`ALTER TYPE ${from.name} RENAME TO ${old}`)] },
    { phase: 'attach', rendered: [step(`DROP TYPE ${quoteIdentifier(schema)}.${old}`)] },
  ]
}

function renderCreate(to: DdlObject, { kind, present }: RenderContext): readonly RenderedPart[] {
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

function renderAlter({ from, to, facts }: ObjectChange, kind: KindDdl): RenderResult {
  const own = new Set([...facts].filter((fact) => !isAnnotation(fact)))
  if (own.size === 0) return []
  const answer = kind.alter?.({ from, to, facts: own }) ?? 'replace'
  return answer === 'replace' ? [] : answer
}

function annotationSteps({ from, to, facts }: ObjectChange, kind: KindDdl): readonly DdlStep[] {
  const reference = kind.reference(to)
  const changes = changedAnnotations(facts)
  return [
    ...(changes.owner ? ownerSteps({ from, to }, reference) : []),
    ...(changes.grants ? grantSteps({ from, to }) : []),
    ...(changes.comments ? commentSteps({ from, to }, reference) : []),
  ]
}
