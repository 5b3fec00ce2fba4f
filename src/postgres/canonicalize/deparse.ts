import pg from 'pg'
import { type Facts, quoteName } from '../../core/model/catalog.js'

/**
 * How the server is made to print a text of another major version in its own words: statements that make a temporary
 * object of it, and the query that prints that; or the words themselves, where no server is needed.
 */
export type Drawing =
  { readonly statements: readonly string[]; readonly query: string } | { readonly words: string }

/** What a text is a fact of. */
export interface Subject {
  /** The names of its key, without quotes. */
  readonly names: readonly string[]
  readonly facts: Facts
  /** The columns of the relation it belongs to, as CREATE TABLE takes them. */
  readonly columns: string
}

const own = 'pg_temp.schemagate_drawing'

/** A query, as the body of a function: that is parsed and printed as a view's is, and writes but one row. The prefix is printed before it. */
export function drawQuery(query: string, prefix = ''): Drawing {
  return {
    statements: [`create function ${own}() returns void language sql begin atomic ${query} end`],
    query: `select ${pg.escapeLiteral(prefix)} || pg_get_function_sqlbody('${own}'::regproc)`,
  }
}

/** An expression in which no column is in sight. */
export function drawExpression(expression: string): Drawing {
  return drawQuery(`select (${expression});`)
}

/** An expression over the columns of a relation, on which it needs no privilege. */
export function drawOnRow(expression: string, { names }: Subject, prefix = ''): Drawing {
  return drawQuery(`select (${expression}) from ${escaped(...names.slice(0, 2))};`, prefix)
}

/** Statements on a temporary table with the columns, and the name, of the relation that the object belongs to. */
export function drawOnTable(statement: string, query: string, { names, columns }: Subject): Drawing {
  return { statements: [`create table ${temporary(names)} (${columns})`, statement], query }
}

/** A partition key, on a temporary table that is partitioned by it. */
export function drawPartitionKey(key: string, { names, columns }: Subject): Drawing {
  return {
    statements: [`create table ${temporary(names)} (${columns}) partition by ${key}`],
    query: `select pg_get_partkeydef(${regclass(names)})`,
  }
}

/** A constraint of a domain, with its name. */
export function drawOnDomain(constraint: string, { facts: { type, collation } }: Subject): Drawing {
  const collated = collation === undefined ? '' : ` collate ${String(collation)}`
  return {
    statements: [
      `create domain ${own} as ${String(type)}${collated}`,
      `alter domain ${own} add constraint ${constraint}`,
    ],
    query: `select quote_ident(conname) || ' ' || pg_get_constraintdef(oid) from pg_constraint
      where contypid = '${own}'::regtype and contype = 'c'`,
  }
}

/** A routine, of the same name in the temporary schema. */
export function drawRoutine(
  definition: string,
  { names: [schema = '', name = ''] }: Subject,
): Drawing | null {
  const moved = placed(definition, {
    words: ['FUNCTION', 'PROCEDURE'],
    names: [schema, name],
    to: escaped('pg_temp', name),
  })
  if (moved === null) return null
  return {
    statements: [moved],
    query: `select pg_get_functiondef(oid) from pg_proc
      where pronamespace = pg_my_temp_schema() and proname = ${pg.escapeLiteral(name)}`,
  }
}

/** The name of the temporary table that stands for the relation of some names. */
export function temporary([, table = '']: readonly string[]): string {
  return escaped('pg_temp', table)
}

/** The oid of that table, as an expression. */
export function regclass(names: readonly string[]): string {
  return `${pg.escapeLiteral(temporary(names))}::regclass`
}

export interface Place {
  /** What stands before the name. */
  readonly words: readonly string[]
  readonly names: readonly string[]
  readonly to: string
}

/**
 * A statement with another name in the first place where this one follows one of the words; null where there is none.
 * Both sides of a comparison are placed alike, and nothing permanent is named as the replacement: what was different
 * before cannot be the same afterwards.
 */
export function placed(statement: string, { words, names, to }: Place): string | null {
  for (const name of spellings(names))
    for (const word of words) {
      const found = `${word} ${name}`
      const at = statement.indexOf(found)
      if (at >= 0 && !/^[\w$".]/.test(statement.slice(at + found.length)))
        return `${statement.slice(0, at)}${word} ${to}${statement.slice(at + found.length)}`
    }
  return null
}

/** PostgreSQL quotes words of its own, which are not the same on all versions. */
function spellings([schema = '', name = '']: readonly string[]): readonly string[] {
  const ways = (part: string): readonly string[] => [...new Set([quoteName(part), pg.escapeIdentifier(part)])]
  return ways(schema).flatMap((one) => ways(name).map((other) => `${one}.${other}`))
}

function escaped(...names: readonly string[]): string {
  return names.map((name) => pg.escapeIdentifier(name)).join('.')
}
