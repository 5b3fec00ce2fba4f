import type { Ground } from './ground.js'
import type { Random } from './random.js'
import type { Means, Service } from './service.js'

/** What faults are inflicted on. */
export interface Soak {
  readonly ground: Ground
  readonly means: Means
  /** Lives through everything; its memory is looked at. */
  readonly steady: Service
  /** Killed and started again. */
  readonly mortal: Service
  /** Started now and then. */
  readonly spare: Service
  readonly random: Random
  readonly token: string
  /** The next revision of a newer build; undefined once all are applied. */
  readonly nextRevision: () => string | undefined
  /** Waits until the service says that it is not ready. */
  readonly unready: (service: Service) => Promise<void>
  /** Waits until the service says that its database is not what was promised, and is ready all the same. */
  readonly told: (service: Service) => Promise<void>
  /** Waits until every service that runs is ready and answers from the database. */
  readonly recovered: () => Promise<void>
}

/** Keeps what has to be done so that the fault is over; done in reverse order, even if inflicting it went wrong. */
export type Later = (heal: () => Promise<void>) => void

export interface Fault {
  readonly name: string
  /** How often it is in the bag. */
  readonly weight: number
  /** For whose clients requests may fail while it lasts. */
  readonly disturbs: 'everybody' | 'the mortal' | 'nobody'
  readonly inflict: (soak: Soak, later: Later) => Promise<void>
}
