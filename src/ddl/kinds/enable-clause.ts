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
  return enableClauseFor(textFact(object, 'enabled'))
}

/** The clause for a mode of firing, as a fact has it. */
export function enableClauseFor(mode: string): string {
  return enableClauses[mode] ?? 'ENABLE'
}

/** Whether a new trigger or rule already fires in this way. */
export function isEnabledByDefault(object: DdlObject): boolean {
  return enableClause(object) === 'ENABLE'
}
