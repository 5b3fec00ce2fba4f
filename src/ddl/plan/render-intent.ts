import type { Catalog } from '../../core/model/catalog.js'
import { commentSteps } from '../annotations/comment.js'
import { grantSteps, grantStepsOnCreate, newOwnerRevokeSteps } from '../annotations/grants.js'
import { ownerSteps } from '../annotations/owner.js'
import { quoteIdentifier } from '../identifiers.js'
import { ddlKinds } from '../kinds/registry.js'
import { swapNameOf } from '../kinds/swap-name.js'
import { detachPartitionStep } from '../kinds/table-parents.js'
import {
  type ObjectChange,
  type DdlObject,
  type KindDdl,
  type PhasedStep,
  type StepPhase,
  type RenderResult,
  step,
  type DdlStep,
} from '../object.js'
import type { PlanRefusal } from '../statement.js'
import { changedAnnotations, isAnnotation } from '../annotations/annotation-facts.js'
import { type Intent, isDroppedBySuccessor, objectOf } from '../intents/intents.js'

export type RenderedIntent = { readonly steps: readonly PhasedStep[] } | { readonly refusal: PlanRefusal }

/** The steps of an intent, or why there are none. `live` is the catalog of the database on which they run. */
export function renderIntent(intent: Intent, live: Catalog): RenderedIntent {
  const { kind, key } = objectOf(intent)
  const ddl = ddlKinds[kind]
  if (ddl === undefined) return { refusal: { key, ...unknownKindRefusal } }
  const steps: PhasedStep[] = []
  for (const { phase, rendered } of renderParts(intent, ddl, live)) {
    if ('reason' in rendered) return { refusal: { key, reason: rendered.reason, decide: rendered.decide } }
    steps.push(...rendered.map((step) => ({ ...step, phase: step.phase ?? phase })))
  }
  return { steps }
}

const unknownKindRefusal = {
  reason: 'schemagate cannot write SQL for this kind of object',
  decide: 'write the statement by hand',
}

interface RenderedPart {
  readonly phase: StepPhase
  readonly rendered: RenderResult
}

function renderParts(intent: Intent, ddl: KindDdl, live: Catalog): readonly RenderedPart[] {
  switch (intent.action) {
    case 'create':
      return renderCreate(intent.to, ddl, live)
    case 'drop':
      return intent.swap === true ? renderTypeSwap(intent.from, ddl) : renderDrop(intent, ddl)
    case 'alter':
      return [
        { phase: 'alter', rendered: renderAlter(intent, ddl) },
        { phase: 'alter', rendered: annotationSteps(intent, ddl) },
        ...renderRebind(intent, ddl),
      ]
    case 'rebind':
      return renderRebind(intent, ddl)
    case 'replace':
      return [
        ...(intent.swap ? renderTypeSwap(intent.from, ddl, intent.to) : renderDrop(intent, ddl)),
        ...renderCreate(intent.to, ddl, live),
      ]
    case 'refuse':
      return [{ phase: 'alter', rendered: dataRefusal(intent.needed) }]
  }
}

function dataRefusal(needed: string): RenderResult {
  return {
    reason: `it depends on ${needed}, which must be dropped and created again, and its own data would be lost with it`,
    decide: 'how to keep the data meanwhile',
  }
}

function renderRebind(
  { from, to, needed }: Extract<Intent, { action: 'alter' | 'rebind' }>,
  ddl: KindDdl,
): readonly RenderedPart[] {
  return needed === undefined ? [] : [{ phase: 'attach', rendered: ddl.rebind?.(from, to, needed) ?? [] }]
}

function renderDrop(
  intent: Extract<Intent, { action: 'drop' | 'replace' }>,
  ddl: KindDdl,
): readonly RenderedPart[] {
  const { from, droppedWith } = intent
  if (droppedWith !== null || isDroppedBySuccessor(intent)) return []
  const parent = intent.action === 'drop' ? intent.detachedFrom : undefined
  const successor = intent.action === 'replace' ? intent.to : undefined
  return [
    ...(parent === undefined
      ? []
      : [{ phase: 'release' as const, rendered: [detachPartitionStep(parent, from)] }]),
    { phase: 'drop', rendered: ddl.drop?.(from, successor) ?? [step(`DROP ${ddl.reference(from)}`)] },
  ]
}

/** The old type is renamed, and dropped after the columns have the new type. */
function renderTypeSwap(from: DdlObject, ddl: KindDdl, to?: DdlObject): readonly RenderedPart[] {
  const renamed = swapNameOf(from)
  const reference = ddl.reference({ ...from, name: `${quoteIdentifier(from.names[0] ?? '')}.${renamed}` })
  return [
    { phase: 'release', rendered: to === undefined ? [] : (ddl.beforeSwap?.(from, to) ?? []) },
    { phase: 'release', rendered: [step(`ALTER ${ddl.reference(from)} RENAME TO ${renamed}`)] },
    { phase: 'attach', rendered: [step(`DROP ${reference}`)] },
  ]
}

function renderCreate(to: DdlObject, ddl: KindDdl, live: Catalog): readonly RenderedPart[] {
  const reference = ddl.reference(to)
  return [
    { phase: 'create', rendered: ddl.create(to) },
    {
      phase: 'create',
      rendered: [
        ...ownerSteps(undefined, to, reference),
        ...grantStepsOnCreate(to, live),
        ...commentSteps(undefined, to, reference),
      ],
    },
  ]
}

function renderAlter({ facts, ...change }: ObjectChange, ddl: KindDdl): RenderResult {
  const own = new Set([...facts].filter((fact) => !isAnnotation(fact)))
  if (own.size === 0) return []
  const altered = ddl.alter?.({ ...change, facts: own }) ?? 'replace'
  return altered === 'replace' ? [] : altered
}

function annotationSteps({ from, to, facts }: ObjectChange, ddl: KindDdl): readonly DdlStep[] {
  const reference = ddl.reference(to)
  const changes = changedAnnotations(facts)
  return [
    ...(changes.owner ? [...newOwnerRevokeSteps(from, to), ...ownerSteps(from, to, reference)] : []),
    ...(changes.grants ? grantSteps(from, to) : []),
    ...(changes.comments ? commentSteps(from, to, reference) : []),
  ]
}
