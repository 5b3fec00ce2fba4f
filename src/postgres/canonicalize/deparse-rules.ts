import pg from 'pg'
import { evenlyQuoted } from '../../core/model/server-versions.js'
import {
  type Drawing,
  drawExpression,
  drawOnDomain,
  drawOnRow,
  drawOnTable,
  drawPartitionKey,
  drawQuery,
  drawRoutine,
  placed,
  regclass,
  type Subject,
  temporary,
} from './deparse.js'

/** How a text is drawn; null for one that does not look as PostgreSQL prints it. */
export type Draw = (text: string, subject: Subject) => Drawing | null

/** Only names, which major versions quote differently. */
const names: Draw = (text) => ({ words: evenlyQuoted(text) })

/** Until 15 OLD and NEW are in sight in every view, and a table that is called so there is called `old_1`: here as well. */
const view: Draw = (text) =>
  drawQuery(`select from (values (1)) old, (values (1)) new, (${text.replace(/;$/, '')}) schemagate_view;`)

/** `stored: (a + b)` */
const generated: Draw = (text, subject) => {
  const at = text.indexOf(': ')
  return drawOnRow(text.slice(at + 2), subject, text.slice(0, at))
}

const constraint: Draw = (text, subject) => {
  const { type } = subject.facts
  if (type !== 'check' && type !== 'exclude') return names(text, subject)
  const [, , name = ''] = subject.names
  const statement = `alter table ${temporary(subject.names)} add constraint ${pg.escapeIdentifier(name)} ${text}`
  return drawOnTable(
    statement,
    printed('pg_get_constraintdef', 'pg_constraint', 'conrelid')(subject),
    subject,
  )
}

/** A statement that names its table after one of some words. */
function statement(words: readonly string[], print: (subject: Subject) => string): Draw {
  return (text, subject) => {
    const moved = placed(text, { words, names: subject.names, to: temporary(subject.names) })
    return moved === null ? null : drawOnTable(moved, print(subject), subject)
  }
}

const printedIndex = ({ names: [schema = '', , index = ''] }: Subject): string =>
  `select pg_get_indexdef(${regclass([schema, index])})`

/** The only such object of the table. */
function printed(print: string, catalog: string, table: string): (subject: Subject) => string {
  return ({ names }) => `select ${print}(oid) from ${catalog} where ${table} = ${regclass(names)}`
}

/** A published table: its name, perhaps some columns, perhaps a condition on rows. */
const published: Draw = (text, subject) => {
  const at = text.indexOf(' WHERE (')
  if (at < 0) return names(text, subject)
  const head = text.slice(0, at)
  const [table = ''] = head.split(' (')
  return drawQuery(`select from ${table}${text.slice(at)};`, evenlyQuoted(head))
}

/**
 * The facts that major versions print in different words, by kind, and how the server is made to print them in its own.
 * Of a list, each text is drawn by itself.
 */
export const drawings: Readonly<Record<string, Readonly<Record<string, Draw>>>> = {
  view: { definition: view, columns: names },
  materialized_view: { definition: view, columns: names },
  table: { partitionedBy: drawPartitionKey, parents: names, ofType: names, replicaIdentity: names },
  foreign_table: { parents: names },
  column: { default: drawExpression, generated, type: names },
  constraint: { definition: constraint, parent: names },
  index: { definition: statement(['ON ONLY', 'ON'], printedIndex), parent: names },
  trigger: { definition: statement(['ON'], printed('pg_get_triggerdef', 'pg_trigger', 'tgrelid')) },
  rule: { definition: statement(['TO'], printed('pg_get_ruledef', 'pg_rewrite', 'ev_class')) },
  policy: { using: drawOnRow, withCheck: drawOnRow },
  function: { definition: drawRoutine },
  procedure: { definition: drawRoutine },
  domain: { default: drawExpression, constraints: drawOnDomain, type: names },
  composite: { attributes: names },
  sequence: { ownedBy: names },
  statistics: { definition: names },
  publication: { tables: published, schemas: names },
}
