/** A sorted list of texts, for an array whose order has no meaning; null for an empty or absent array. */
export function sortedList(array: string): string {
  return `case when ${array} is not null then
    (select json_agg(listed order by listed collate "C") from unnest(${array}) as listed) end`
}

/** Names of options and settings whose values may be secrets, as a pattern. */
export const secretNames = 'pass|pwd|secret|token|key|credential|private'
const nonSecretNames = `('password_required')`

/** Options of foreign data as sorted `name=value`. A value that may be a secret does not leave the server. */
export function maskedOptions(array: string): string {
  return `(select json_agg(case when named.name ~* '${secretNames}' and named.name not in ${nonSecretNames}
      then named.name || '=(hidden)' else named.option end order by named.name collate "C")
    from (select o as option, split_part(o, '=', 1) as name from unnest(${array}) o) as named)`
}

/**
 * The name of the function with this oid, as CREATE statements take it; null for 0. Without pg_catalog, because `regproc`
 * prints that only for an overloaded function, and which functions are overloaded differs by version.
 */
export function functionNameOf(oid: string): string {
  return stripPgCatalog(`nullif(${oid}::oid, 0)::regproc::text`)
}

/** The operator with this oid, as CREATE statements take it: `<`, `OPERATOR(public.===)`; null for 0. */
export function operatorNameOf(oid: string): string {
  const name = stripPgCatalog(`nullif(${oid}::oid, 0)::regoper::text`)
  return String.raw`regexp_replace(${name}, '^(.*[.].*)$', 'OPERATOR(\1)')`
}

/** A name with its schema, but without pg_catalog. Takes the columns that have schema and name. */
export function qualifiedUnlessBuiltIn(schema: string, name: string): string {
  return stripPgCatalog(`quote_ident(${schema}) || '.' || quote_ident(${name})`)
}

function stripPgCatalog(qualified: string): string {
  return `regexp_replace(${qualified}, '^pg_catalog[.]', '')`
}

/** When a trigger fires, from the column that says so; null for the default. */
export function firingMode(column: string): string {
  return `case ${column} when 'D' then 'disabled' when 'R' then 'replica' when 'A' then 'always' end`
}

/** The cases of `attstorage`. */
export const storageModes = `when 'p' then 'plain' when 'e' then 'external' when 'x' then 'extended' when 'm' then 'main'`
/** The compression method of a column `a`; null for the default. */
export const compression = `case a.attcompression when 'p' then 'pglz' when 'l' then 'lz4' end`
