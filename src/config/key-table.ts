import { databaseKeys } from './database-keys.js'
import { policyKeys } from './policy-keys.js'
import { processKeys } from './process-keys.js'
import { serviceKeys } from './service-keys.js'
import type { Key } from './value-types.js'

export type { Key } from './value-types.js'

/** Every key there is. `{TARGET}` stands for ENV_TARGET in upper case. */
export const configKeys = {
  ...serviceKeys,
  ...databaseKeys,
  ...policyKeys,
  ...processKeys,
} as const satisfies Record<string, Key>
