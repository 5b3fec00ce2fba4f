/** An argument of a routine as PostgreSQL prints it. */
interface RoutineArgument {
  /** Mode, name and type: `VARIADIC rest integer[]`. */
  readonly declared: string
  readonly hasDefault: boolean
}

/** Quoted text, brackets, commas, the keyword DEFAULT, and other text. */
const argumentToken = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[()[\],]| DEFAULT |[^'"()[\], ]+| /g

/** Splits the line that pg_get_function_arguments prints. */
export function splitArguments(printed: string): readonly RoutineArgument[] {
  const found: RoutineArgument[] = []
  let depth = 0
  let current: RoutineArgument = { declared: '', hasDefault: false }
  for (const [token] of printed.matchAll(argumentToken)) {
    if (token === '(' || token === '[') depth += 1
    if (token === ')' || token === ']') depth -= 1
    if (token === ',' && depth === 0) {
      found.push(current)
      current = { declared: '', hasDefault: false }
    } else if (token === ' DEFAULT ' && depth === 0) current = { ...current, hasDefault: true }
    else if (!current.hasDefault) current = { ...current, declared: current.declared + token }
  }
  return printed === ''
    ? []
    : [...found, current].map((argument) => ({ ...argument, declared: argument.declared.trim() }))
}
