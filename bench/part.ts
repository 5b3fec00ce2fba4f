import type { Build } from '../test/support/image.js'
import type { Figure } from './measure.js'

export interface Means {
  readonly build: Build
  /** An empty database, dropped when the bench ends. Returns its URL. */
  readonly createDatabase: () => Promise<string>
  /** How often each contender runs, warm-up aside. */
  readonly runs: number
}

/** One comparison. The first figure is what the others are compared with. */
export interface Part {
  readonly title: string
  readonly measure: (means: Means) => Promise<readonly Figure[]>
}
