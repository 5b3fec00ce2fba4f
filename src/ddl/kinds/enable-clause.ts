import { type DdlObject, textFact } from '../object.js'

const enableClauses: Readonly<Record<string, string>> = {
  disabled: 'DISABLE',
  replica: 'ENABLE REPLICA',
  always: 'ENABLE ALWAYS',
}

/**
 * The clause of ALTER that decides when a trigger or rule fires: `ENABLE`, `DISABLE`, `ENABLE REPLICA`, `ENABLE
 * ALWAYS`.
 */
export function enableClause(object: DdlObject): string {
  return enableClauses[textFact(object, 'enabled')] ?? 'ENABLE'
}

/** Whether a new trigger or rule already fires in this way. */
export function isEnabledByDefault(object: DdlObject): boolean {
  return enableClause(object) === 'ENABLE'
}
