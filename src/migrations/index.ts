export { ensureColumn, ensureConstraint, ensureIndex, ensureTable } from './ensure.js'
export type { EnsureResult, IndexSql, PartDefinition } from './ensure.js'
export {
  dropColumnIfExists,
  dropConstraintIfExists,
  dropIndexIfExists,
  dropTableIfExists,
} from './drop-if-exists.js'
export { inBatches } from './in-batches.js'
export type { BatchOptions, BatchProgress } from './in-batches.js'
export { createIndexSafely, setNotNullSafely } from './safely.js'
