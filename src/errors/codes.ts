import { runCodes } from './run-codes.js'
import { setupCodes } from './setup-codes.js'
import { stateCodes } from './state-codes.js'

/** Every error code. docs/errors.md is generated from it. */
export const errorCodes = { ...setupCodes, ...stateCodes, ...runCodes } as const

export type ErrorCode = keyof typeof errorCodes
