import { type DdlObject, findObject, listFact, textFact } from '../object.js'

/** Functions of PostgreSQL, seen in defaults, whose value is the same for all rows of a statement. */
const constantInStatement: ReadonlySet<string> = new Set([
  'now',
  'statement_timestamp',
  'transaction_timestamp',
  'timezone',
  'date_trunc',
  'to_char',
  'current_setting',
  'current_schema',
  'pg_backend_pid',
  'lower',
  'upper',
  'md5',
  'make_interval',
  'jsonb_build_object',
  'json_build_object',
  'jsonb_build_array',
  'json_build_array',
])

/**
 * Whether PostgreSQL has to compute the default of a new column for each row, and so writes the table again. A function
 * that is neither known here nor declared STABLE or IMMUTABLE counts as volatile, as PostgreSQL assumes of a new one.
 */
export function hasVolatileDefault(column: DdlObject): boolean {
  return calledFunctions(textFact(column, 'default')).some(
    (name) => !constantInStatement.has(name) && !isDeclaredConstant(column, name),
  )
}

/** The names before a parenthesis, without their schemas; type modifiers and keywords left out. */
function calledFunctions(expression: string): readonly string[] {
  const code = expression.replace(/'(?:[^']|'')*'/g, "''").replace(/::[a-z ]+\([\d, ]+\)/g, '')
  return [...code.matchAll(/(\w+|"(?:[^"]|"")+")\(/g)]
    .map(([, name = '']) => name)
    .filter((name) => !/^[A-Z_]+$/.test(name))
}

function isDeclaredConstant({ catalog, facts }: DdlObject, name: string): boolean {
  const routines = listFact({ facts }, '$needs').flatMap((key) => findObject(catalog, key) ?? [])
  const [routine] = routines.filter((one) => one.kind === 'function' && one.name.endsWith(`.${name}`))
  return routine !== undefined && /\b(?:IMMUTABLE|STABLE)\b/.test(textFact(routine, 'definition'))
}
