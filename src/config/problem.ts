import { SchemaError, type ErrorFact } from '../errors/schema-error.js'

/** One thing that is wrong with the configuration. Never holds the value of a secret. */
export interface ConfigFault {
  /** The key or the file. */
  readonly subject: string
  /** The layer that it comes from; null where the key is not set. */
  readonly source: string | null
  /** Continues the sentence that the subject begins: `is empty`. */
  readonly problem: string
  /** What was expected, or what to do. */
  readonly hint: string
}

/** The result of one step of reading the configuration. The steps go on after a fault, so that one error names all of them. */
export type ConfigResult<T> =
  | { readonly kind: 'valid'; readonly value: T }
  | { readonly kind: 'faulty'; readonly faults: readonly ConfigFault[] }

/** The one SCHEMA_CONFIG_INVALID that names every fault. */
export function configError(faults: readonly ConfigFault[]): SchemaError {
  return new SchemaError('SCHEMA_CONFIG_INVALID', {
    what: `${summarizeFaults(faults)} Nothing was started.`,
    facts: faults.map(toFact),
  })
}

function summarizeFaults(faults: readonly ConfigFault[]): string {
  const [first] = faults
  if (first !== undefined && faults.length === 1) return `${first.subject} ${describeFault(first)}.`
  const subjects = new Set(faults.map(({ subject }) => subject))
  return `The configuration has ${faults.length} faults: ${[...subjects].join(', ')}.`
}

function toFact(fault: ConfigFault): ErrorFact {
  return [fault.subject, [describeFault(fault), fault.hint]]
}

function describeFault({ problem, source }: ConfigFault): string {
  return source === null ? problem : `${problem} (${source})`
}
