import { findingsOf } from '../history/decision.js'
import type { Action, Situation } from '../history/policy.js'
import { worstImpact } from '../impact/assess-impact.js'
import type { Outage } from './outage.js'
import type { CheckResult, HealthState, HealthStatus } from './process-health.js'

/** These say that the catalog differs or was not compared, and nothing about revisions. */
const catalogSituations: ReadonlySet<Situation> = new Set([
  'drift',
  'slower',
  'unverified',
  'lacksModels',
  'differsFromModels',
])

const statusByAction: Readonly<Record<Action, HealthStatus>> = { serve: 'pass', warn: 'warn', refuse: 'fail' }

/** `checks` of the health document: connection, revisions and catalog, each judged on its own. Empty before the first reading. */
export function checksSection({ lastCheck, outage }: Pick<HealthState, 'lastCheck' | 'outage'>) {
  if (lastCheck === null) return {}
  const { assessment, checkedAt: time } = lastCheck
  return {
    'postgres:connection': [
      {
        componentType: 'datastore',
        status: outage?.kind === 'database' ? 'fail' : 'pass',
        time: outage?.since ?? time,
      },
    ],
    'schema:revision': [
      {
        componentType: 'datastore',
        status: asLastRead(revisionStatus(lastCheck), outage),
        observedValue: assessment.history.position,
        time,
      },
    ],
    'schema:verification': [
      {
        componentType: 'datastore',
        status: outage?.kind === 'check' ? 'fail' : asLastRead(verificationStatus(lastCheck), outage),
        observedValue: findingsOf(assessment).length,
        observedUnit: 'differences',
        time,
      },
    ],
  }
}

/** What cannot be read at the moment has not passed, whatever was read last. */
function asLastRead(status: HealthStatus, outage: Outage | null): HealthStatus {
  return outage !== null && status === 'pass' ? 'warn' : status
}

function revisionStatus({ decision }: CheckResult): HealthStatus {
  return worstStatus(
    decision.situations
      .filter(({ situation }) => !catalogSituations.has(situation))
      .map(({ action }) => action),
  )
}

function verificationStatus({ assessment, decision, drifted }: CheckResult): HealthStatus {
  if (drifted) return 'fail'
  const worst = worstImpact(findingsOf(assessment))
  if (worst !== null && worst !== 'harmless') return 'warn'
  return worstStatus(
    decision.situations.filter(({ situation }) => situation === 'unverified').map(({ action }) => action),
  )
}

function worstStatus(actions: readonly Action[]): HealthStatus {
  const worst = (['refuse', 'warn'] as const).find((action) => actions.includes(action)) ?? 'serve'
  return statusByAction[worst]
}
