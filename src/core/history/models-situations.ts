import type { Finding } from '../impact/assess-impact.js'
import type { History } from './history.js'
import type { OtherLedger, Ownership } from './ownership.js'
import type { Situation } from './policy.js'

/** What is known of a database of this service that is to be built from models. */
interface ModelsAssessment {
  readonly ownership: Ownership
  readonly history: History
  readonly otherLedgers: readonly OtherLedger[]
  readonly verification: ModelsVerification
}

type ModelsVerification =
  { readonly status: 'unverified' } | { readonly status: 'verified'; readonly findings: readonly Finding[] }

/**
 * The situations of a database that is built from models, the gravest first. One with recorded revisions is built from
 * migrations, and one without a recorded identity that has tables which the models lack may be another service's.
 */
export function situationsOfModels(assessment: ModelsAssessment): readonly Situation[] {
  const { history, otherLedgers } = assessment
  if (history.position === 'foreign' || otherLedgers.length > 0) return ['foreign']
  if (history.current !== null) return ['migrated']
  if (hasTablesOfOthers(assessment)) return ['unmanaged']
  return [...situationsOfFindings(assessment.verification), 'fromModels']
}

function hasTablesOfOthers({ ownership, verification }: ModelsAssessment): boolean {
  return (
    ownership.identity === null &&
    verification.status === 'verified' &&
    verification.findings.some(({ change, key }) => change === 'unexpected' && key.startsWith('table:'))
  )
}

function situationsOfFindings(verification: ModelsVerification): readonly Situation[] {
  if (verification.status === 'unverified') return ['unverified']
  const { findings } = verification
  const isMissing = findings.some(({ change }) => change === 'missing')
  const isOther = findings.some(({ change }) => change !== 'missing')
  return [
    ...(isMissing ? (['lacksModels'] as const) : []),
    ...(isOther ? (['differsFromModels'] as const) : []),
  ]
}
