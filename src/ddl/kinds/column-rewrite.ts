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

/** Whether PostgreSQL writes the table again to add the column, because its values are computed or checked row by row. */
export function addingRewritesTable(column: DdlObject): boolean {
  return (
    textFact(column, 'generated').startsWith('stored') ||
    textFact(column, 'identity') !== '' ||
    hasVolatileDefault(column) ||
    isOfConstrainedDomain(column)
  )
}

function isOfConstrainedDomain(column: DdlObject): boolean {
  if (/^information_schema\.(?:cardinal_number|yes_or_no)$/.test(textFact(column, 'type'))) return true
  const domain = needed(column).find(
    ({ kind, name }) => kind === 'domain' && name === textFact(column, 'type'),
  )
  return (
    domain !== undefined && (listFact(domain, 'constraints').length > 0 || domain.facts['nullable'] === false)
  )
}

/** A function that is neither known here nor declared STABLE or IMMUTABLE counts as volatile, as PostgreSQL assumes of a new one. */
function hasVolatileDefault(column: DdlObject): boolean {
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

function isDeclaredConstant(column: DdlObject, name: string): boolean {
  const [routine] = needed(column).filter((one) => one.kind === 'function' && one.name.endsWith(`.${name}`))
  return routine !== undefined && /\b(?:IMMUTABLE|STABLE)\b/.test(textFact(routine, 'definition'))
}

function needed({ catalog, facts }: DdlObject): readonly DdlObject[] {
  return listFact({ facts }, '$needs').flatMap((key) => findObject(catalog, key) ?? [])
}
