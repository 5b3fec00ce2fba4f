import { type DdlObject, textFact } from '../object.js'

const enableClauses: Readonly<Record<string, string>> = {
  disabled: 'DISABLE',
  replica: 'ENABLE REPLICA',
  always: 'ENABLE ALWAYS',
}

/** How ALTER says when a trigger or a rule fires: `ENABLE`, `DISABLE`, `ENABLE REPLICA`, `ENABLE ALWAYS`. */
export function enableClause(object: DdlObject): string {
  return enableClauses[textFact(object, 'enabled')] ?? 'ENABLE'
}

/** Whether it fires as one does that was just made. */
export function isEnabledByDefault(object: DdlObject): boolean {
  return enableClause(object) === 'ENABLE'
}
