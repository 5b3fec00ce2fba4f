import pg from 'pg'
import { type Facts, quoteName } from '../../core/model/catalog.js'

/**
 * How the server is made to print a text of another major version in its own words: statements that make a temporary
 * object of it, and the query that prints that; or the words themselves, where no server is needed.
 */
export type CanonicalForm =
  { readonly statements: readonly string[]; readonly query: string } | { readonly words: string }

/** What a text is a fact of. */
export interface DeparseContext {
  /** The names of its key, without quotes. */
  readonly names: readonly string[]
  readonly facts: Facts
  /** The columns of the relation it belongs to, as CREATE TABLE takes them. */
  readonly columns: string
}

const temporaryName = 'pg_temp.schemagate_drawing'

/** A query, as the body of a function: that is parsed and printed as a view's is, and writes but one row. The prefix is printed before it. */
export function deparseQuery(query: string, prefix = ''): CanonicalForm {
  return {
    statements: [`create function ${temporaryName}() returns void language sql begin atomic ${query} end`],
    query: `select ${pg.escapeLiteral(prefix)} || pg_get_function_sqlbody('${temporaryName}'::regproc)`,
  }
}

/** An expression in which no column is in sight. */
export function deparseExpression(expression: string): CanonicalForm {
  return deparseQuery(`select (${expression});`)
}

/** An expression over the columns of a relation, on which it needs no privilege. */
export function deparseRowExpression(
  expression: string,
  { names }: DeparseContext,
  prefix = '',
): CanonicalForm {
  return deparseQuery(`select (${expression}) from ${escapeNames(...names.slice(0, 2))};`, prefix)
}

/** Statements on a temporary table with the columns, and the name, of the relation that the object belongs to. */
export function deparseOnTable(
  statement: string,
  query: string,
  { names, columns }: DeparseContext,
): CanonicalForm {
  return { statements: [`create table ${temporaryRelation(names)} (${columns})`, statement], query }
}

/** A partition key, on a temporary table that is partitioned by it. */
export function deparsePartitionKey(key: string, { names, columns }: DeparseContext): CanonicalForm {
  return {
    statements: [`create table ${temporaryRelation(names)} (${columns}) partition by ${key}`],
    query: `select pg_get_partkeydef(${temporaryRelationOid(names)})`,
  }
}

/** A constraint of a domain, with its name. */
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

/** A routine, of the same name in the temporary schema. */
export function deparseRoutine(
  definition: string,
  { names: [schema = '', name = ''] }: DeparseContext,
): CanonicalForm | null {
  const renamed = replaceName(definition, {
    precedingKeywords: ['FUNCTION', 'PROCEDURE'],
    names: [schema, name],
    replacement: escapeNames('pg_temp', name),
  })
  if (renamed === null) return null
  return {
    statements: [renamed],
    query: `select pg_get_functiondef(oid) from pg_proc
      where pronamespace = pg_my_temp_schema() and proname = ${pg.escapeLiteral(name)}`,
  }
}

/** The name of the temporary table that stands for the relation of some names. */
export function temporaryRelation([, table = '']: readonly string[]): string {
  return escapeNames('pg_temp', table)
}

/** The oid of that table, as an expression. */
export function temporaryRelationOid(names: readonly string[]): string {
  return `${pg.escapeLiteral(temporaryRelation(names))}::regclass`
}

export interface NameReplacement {
  /** What stands before the name. */
  readonly precedingKeywords: readonly string[]
  readonly names: readonly string[]
  readonly replacement: string
}

/**
 * A statement with another name in the first place where this one follows one of the words; null where there is none.
 * Both sides of a comparison are placed alike, and nothing permanent is named as the replacement: what was different
 * before cannot be the same afterwards.
 */
export function replaceName(
  statement: string,
  { precedingKeywords, names, replacement }: NameReplacement,
): string | null {
  for (const name of quotedSpellings(names))
    for (const word of precedingKeywords) {
      const found = `${word} ${name}`
      const at = statement.indexOf(found)
      if (at >= 0 && !/^[\w$".]/.test(statement.slice(at + found.length)))
        return `${statement.slice(0, at)}${word} ${replacement}${statement.slice(at + found.length)}`
    }
  return null
}

/** PostgreSQL quotes words of its own, which are not the same on all versions. */
function quotedSpellings([schema = '', name = '']: readonly string[]): readonly string[] {
  const ways = (part: string): readonly string[] => [...new Set([quoteName(part), pg.escapeIdentifier(part)])]
  return ways(schema).flatMap((one) => ways(name).map((other) => `${one}.${other}`))
}

function escapeNames(...names: readonly string[]): string {
  return names.map((name) => pg.escapeIdentifier(name)).join('.')
}
