import type { Form } from './value-types.js'

/** A key of the configuration. Its default is a text as an environment variable would hold it, or null for none. */
export interface Key extends Form {
  readonly default: string | null
  /** The default in words, where the text does not say it. */
  readonly otherwise?: string
  readonly description: string
}
