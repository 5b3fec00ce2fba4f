/** Names of types of TypeScript: each is given out once. */
export interface TypeNames {
  /** A name made of these names in PascalCase, numbered where it, with one of the suffixes, is taken already. */
  readonly take: (names: readonly string[], suffixes: readonly string[]) => string
}

/** Names that are free but those that a file uses already. */
export function typeNames(reserved: Iterable<string>): TypeNames {
  const taken = new Set(reserved)
  return {
    take: (names, suffixes) => {
      const base = pascalCase(names)
      for (let number = 1; ; number += 1) {
        const name = number === 1 ? base : `${base}${number}`
        const whole = suffixes.map((suffix) => `${name}${suffix}`)
        if (whole.some((each) => taken.has(each))) continue
        for (const each of whole) taken.add(each)
        return name
      }
    },
  }
}

function pascalCase(names: readonly string[]): string {
  const words = names.flatMap((name) => name.split(/[^\p{ID_Continue}]|_/u))
  const name = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')
  if (name === '') return 'Unnamed'
  return /^\p{ID_Start}/u.test(name) ? name : `_${name}`
}
