/** A list of texts, sorted where their order says nothing; null for an empty or absent array. */
export function sortedList(array: string): string {
  return `case when ${array} is not null then
    (select json_agg(listed order by listed collate "C") from unnest(${array}) as listed) end`
}

const secretNames = 'pass|pwd|secret|token|key|credential|private'
const nonSecretNames = `('password_required')`

/** Options of foreign data as sorted `name=value`; the value of one that may be a secret never leaves the server. */
export function maskedOptions(array: string): string {
  return `(select json_agg(case when named.name ~* '${secretNames}' and named.name not in ${nonSecretNames}
      then named.name || '=(hidden)' else named.option end order by named.name collate "C")
    from (select o as option, split_part(o, '=', 1) as name from unnest(${array}) o) as named)`
}

/**
 * The name of the function with an oid as CREATE statements take it, null for 0. PostgreSQL's own has its schema in
 * `regproc` only if it is overloaded, which differs by version.
 */
export function functionNameOf(oid: string): string {
  return stripPgCatalog(`nullif(${oid}::oid, 0)::regproc::text`)
}

/** The operator with an oid as CREATE statements take it: `<`, `OPERATOR(public.===)`; null for 0. */
export function operatorNameOf(oid: string): string {
  const name = stripPgCatalog(`nullif(${oid}::oid, 0)::regoper::text`)
  return String.raw`regexp_replace(${name}, '^(.*[.].*)$', 'OPERATOR(\1)')`
}

/** The name of an object with its schema unless it is PostgreSQL's own, by the columns that have the two. */
export function qualifiedUnlessBuiltIn(schema: string, name: string): string {
  return stripPgCatalog(`quote_ident(${schema}) || '.' || quote_ident(${name})`)
}

function stripPgCatalog(qualified: string): string {
  return `regexp_replace(${qualified}, '^pg_catalog[.]', '')`
}

/** How a trigger fires, by the column that has it: null for the usual way. */
export function firingMode(column: string): string {
  return `case ${column} when 'D' then 'disabled' when 'R' then 'replica' when 'A' then 'always' end`
}
