/** An argument of a routine as PostgreSQL prints it. */
interface Argument {
  /** Mode, name and type: `VARIADIC rest integer[]`. */
  readonly declared: string
  readonly hasDefault: boolean
}

/** Quoted words, brackets, commas, the word DEFAULT, and all else. */
const tokens = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[()[\],]| DEFAULT |[^'"()[\], ]+| /g

/** The arguments that pg_get_function_arguments prints in one line. */
export function splitArguments(printed: string): readonly Argument[] {
  const found: Argument[] = []
  let depth = 0
  let current: Argument = { declared: '', hasDefault: false }
  for (const [token] of printed.matchAll(tokens)) {
    if (token === '(' || token === '[') depth += 1
    if (token === ')' || token === ']') depth -= 1
    if (token === ',' && depth === 0) {
      found.push(current)
      current = { declared: '', hasDefault: false }
    } else if (token === ' DEFAULT ' && depth === 0) current = { ...current, hasDefault: true }
    else if (!current.hasDefault) current = { ...current, declared: current.declared + token }
  }
  return printed === '' ? [] : [...found, current].map((one) => ({ ...one, declared: one.declared.trim() }))
}
