import type { Build } from '../test/support/image.js'
import type { Figure } from './measure.js'

export interface BenchContext {
  readonly build: Build
  /** Creates an empty database, which is dropped when the bench ends. Returns its URL. */
  readonly createDatabase: () => Promise<string>
  /** How often each contender runs after the warm-up. */
  readonly runs: number
}

/** One comparison. Every figure is compared with the first one. */
export interface Part {
  readonly title: string
  readonly measure: (context: BenchContext) => Promise<readonly Figure[]>
}
