import { type DdlObject, text } from '../object.js'

const words: Readonly<Record<string, string>> = {
  disabled: 'DISABLE',
  replica: 'ENABLE REPLICA',
  always: 'ENABLE ALWAYS',
}

/** How ALTER says when a trigger or a rule fires: `ENABLE`, `DISABLE`, `ENABLE REPLICA`, `ENABLE ALWAYS`. */
export function firing(object: DdlObject): string {
  return words[text(object, 'enabled')] ?? 'ENABLE'
}

/** Whether it fires as one does that was just made. */
export function firesAsUsual(object: DdlObject): boolean {
  return firing(object) === 'ENABLE'
}
