import type { Facts } from '../core/model/catalog.js'
import type { UndeterminedFacts } from '../core/model/diff.js'
import type { Changes, SnapshotRevision } from '../core/model/snapshot.js'
import { isRecord } from '../core/text/is-record.js'

/** Whether a value is a revision as a snapshot has it. */
export function isRevision(value: unknown): value is SnapshotRevision {
  if (!isRecord(value)) return false
  const { revision, file, checksum, changes, undetermined = {}, rows = [] } = value
  return (
    typeof revision === 'string' &&
    isTextOrNull(file) &&
    isTextOrNull(checksum) &&
    isChanges(changes) &&
    isUndetermined(undetermined) &&
    isTextList(rows)
  )
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

export function isChanges(value: unknown): value is Changes {
  return isObject(value) && Object.values(value).every((facts) => facts === null || isFacts(facts))
}

function isUndetermined(value: unknown): value is UndeterminedFacts {
  return isObject(value) && Object.values(value).every(isTextList)
}

function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string')
}

/** A list is a record as well, and an empty one would pass for a snapshot that promises nothing. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return isRecord(value) && !Array.isArray(value)
}

export function isCatalog(value: unknown): value is Readonly<Record<string, Facts>> {
  return isObject(value) && Object.values(value).every(isFacts)
}

function isFacts(value: unknown): value is Facts {
  return (
    isObject(value) &&
    Object.values(value).every(
      (fact) => ['string', 'number', 'boolean'].includes(typeof fact) || isTextList(fact),
    )
  )
}
