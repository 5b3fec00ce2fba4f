import type { Fault } from './problem.js'
import { isOurs, keyIds, nameOf } from './keys.js'
import type { Layer } from './layers.js'
import { nearest } from '../core/text/nearest.js'

/** Keys of a file that are nearly ours. Not for the process environment: most of it is none of our business. */
export function misspelled({ source, values }: Layer, target: string): readonly Fault[] {
  const names = keyIds.map((id) => nameOf(id, target)).flatMap((name) => [name, `${name}_FILE`])
  return Object.keys(values)
    .filter((name) => /^[A-Z][A-Z0-9_]*$/.test(name) && !isOurs(name))
    .flatMap((name) => {
      const meant = nearest(name, names)
      if (meant === undefined) return []
      return [{ subject: name, source, problem: 'is no key', hint: `did you mean ${meant}?` }]
    })
}

/** Keys that one layer sets twice: as KEY and as KEY_FILE. */
export function twice({ source, values }: Layer): readonly Fault[] {
  return Object.keys(values)
    .filter((name) => isOurs(name) && `${name}_FILE` in values)
    .map((name) => ({
      subject: name,
      source,
      problem: `is set twice, also as ${name}_FILE`,
      hint: 'expected one of the two',
    }))
}
