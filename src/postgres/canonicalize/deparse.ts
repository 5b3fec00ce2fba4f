import pg from 'pg'
import { type Facts, quoteName } from '../../core/model/catalog.js'

/** The statements that create a temporary object from a text, and the query that prints this object. */
export interface DeparseRequest {
  readonly statements: readonly string[]
  readonly query: string
}

/** How to get the canonical form of a text: from the server, or the form itself where no server is needed. */
export type CanonicalForm = DeparseRequest | { readonly text: string }

/** The promised and the live text of one fact, for one server to print. */
export type DeparsePair = readonly [expected: DeparseRequest, actual: DeparseRequest]

/** Whether the server prints both texts alike, or why it cannot print them. */
export type ComparisonResult = { readonly alike: boolean } | { readonly why: string }

/** The columns of a relation, as CREATE TABLE takes them. */
export type ColumnLookup = (schema: string, relation: string) => string

/** The object that a text is a fact of. */
export interface DeparseContext {
  /** The names in its key, without quotes. */
  readonly names: readonly string[]
  readonly facts: Facts
  /** The columns of its relation, as CREATE TABLE takes them. */
  readonly columns: string
}

const temporaryName = 'pg_temp.schemagate_deparse'

/**
 * A query, as the body of a function: PostgreSQL parses and prints it like a view, but writes only one catalog row.
 * The prefix stands before the printed text.
 */
export function deparseQuery(query: string, prefix = ''): CanonicalForm {
  return {
    statements: [`create function ${temporaryName}() returns void language sql begin atomic ${query} end`],
    query: `select ${pg.escapeLiteral(prefix)} || pg_get_function_sqlbody('${temporaryName}'::regproc)`,
  }
}

/** An expression without columns. */
export function deparseExpression(expression: string): CanonicalForm {
  return deparseQuery(`select (${expression});`)
}

/** An expression over the columns of a relation. The role needs no privilege on the relation. */
export function deparseRowExpression(
  expression: string,
  { names }: DeparseContext,
  prefix = '',
): CanonicalForm {
  return deparseQuery(`select (${expression}) from ${escapeNames(...names.slice(0, 2))};`, prefix)
}

/** A statement on a temporary table that has the name and the columns of the object's relation. */
export function deparseOnTable(
  statement: string,
  query: string,
  { names, columns }: DeparseContext,
): CanonicalForm {
  return { statements: [`create table ${temporaryRelation(names)} (${columns})`, statement], query }
}

/** A partition key, as that of a temporary table. */
export function deparsePartitionKey(key: string, { names, columns }: DeparseContext): CanonicalForm {
  return {
    statements: [`create table ${temporaryRelation(names)} (${columns}) partition by ${key}`],
    query: `select pg_get_partkeydef(${temporaryRelationOid(names)})`,
  }
}

/** A constraint of a domain, with its name, on a temporary domain. */
export function deparseDomainConstraint(
  constraint: string,
  { facts: { type, collation } }: DeparseContext,
): CanonicalForm {
  const collated = collation === undefined ? '' : ` collate ${String(collation)}`
  return {
    statements: [
      `create domain ${temporaryName} as ${String(type)}${collated}`,
      `alter domain ${temporaryName} add constraint ${constraint}`,
    ],
    query: `select quote_ident(conname) || ' ' || pg_get_constraintdef(oid) from pg_constraint
      where contypid = '${temporaryName}'::regtype and contype = 'c'`,
  }
}

/** A routine, with the same name in the temporary schema; null where its name does not stand in the text. */
export function deparseRoutine(
  definition: string,
  { names: [schema = '', name = ''] }: DeparseContext,
): CanonicalForm | null {
  const temporary = escapeNames('pg_temp', name)
  const renamed = replaceName(definition, ['FUNCTION', 'PROCEDURE'], [schema, name], temporary)
  if (renamed === null) return null
  return {
    statements: [renamed],
    query: `select pg_get_functiondef(oid) from pg_proc
      where pronamespace = pg_my_temp_schema() and proname = ${pg.escapeLiteral(name)}`,
  }
}

/** The name of the temporary table that stands for a relation. */
export function temporaryRelation([, table = '']: readonly string[]): string {
  return escapeNames('pg_temp', table)
}

/** SQL for the oid of this temporary table. */
export function temporaryRelationOid(names: readonly string[]): string {
  return `${pg.escapeLiteral(temporaryRelation(names))}::regclass`
}

/**
 * A statement in which the replacement stands for a qualified name, once, after one of the keywords; null where the name
 * follows none. No permanent object has the name of the replacement, so two texts that differ still differ afterwards.
 */
export function replaceName(
  statement: string,
  keywords: readonly string[],
  names: readonly string[],
  replacement: string,
): string | null {
  for (const name of quotedSpellings(names))
    for (const keyword of keywords) {
      const found = `${keyword} ${name}`
      const at = statement.indexOf(found)
      if (at >= 0 && !/^[\w$".]/.test(statement.slice(at + found.length)))
        return `${statement.slice(0, at)}${keyword} ${replacement}${statement.slice(at + found.length)}`
    }
  return null
}

/** A qualified name with and without quotes: the keywords that PostgreSQL quotes differ between major versions. */
function quotedSpellings([schema = '', name = '']: readonly string[]): readonly string[] {
  const spellings = (part: string) => [...new Set([quoteName(part), pg.escapeIdentifier(part)])]
  return spellings(schema).flatMap((one) => spellings(name).map((other) => `${one}.${other}`))
}

function escapeNames(...names: readonly string[]): string {
  return names.map((name) => pg.escapeIdentifier(name)).join('.')
}
