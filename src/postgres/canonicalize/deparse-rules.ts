import pg from 'pg'
import { normalizeQuoting } from '../../core/model/server-versions.js'
import {
  type CanonicalForm,
  deparseExpression,
  deparseDomainConstraint,
  deparseRowExpression,
  deparseOnTable,
  deparsePartitionKey,
  deparseQuery,
  deparseRoutine,
  replaceName,
  temporaryRelationOid,
  type DeparseContext,
  temporaryRelation,
} from './deparse.js'

/** The canonical form of a text; null where the text does not look like PostgreSQL's own output. */
export type DeparseRule = (text: string, subject: DeparseContext) => CanonicalForm | null

/** A text of names only: major versions quote them differently. */
const deparseNames: DeparseRule = (text) => ({ text: normalizeQuoting(text) })

/**
 * Up to version 15 every view has OLD and NEW in its range table, so PostgreSQL prints a table named `old` as `old_1`.
 * The same two names around the query make the server print it like that here.
 */
const deparseView: DeparseRule = (text) =>
  deparseQuery(`select from (values (1)) old, (values (1)) new, (${text.replace(/;$/, '')}) schemagate_view;`)

/** A generated column: `stored: (a + b)`. */
const deparseGeneratedColumn: DeparseRule = (text, subject) => {
  const at = text.indexOf(': ')
  return deparseRowExpression(text.slice(at + 2), subject, text.slice(0, at))
}

const deparseConstraint: DeparseRule = (text, subject) => {
  const { type } = subject.facts
  if (type !== 'check' && type !== 'exclude') return deparseNames(text, subject)
  const [, , name = ''] = subject.names
  const statement = `alter table ${temporaryRelation(subject.names)} add constraint ${pg.escapeIdentifier(name)} ${text}`
  return deparseOnTable(
    statement,
    definitionQuery('pg_get_constraintdef', 'pg_constraint', 'conrelid')(subject),
    subject,
  )
}

/** A statement that names its table after one of the keywords. */
function deparseWithTable(
  keywords: readonly string[],
  print: (subject: DeparseContext) => string,
): DeparseRule {
  return (text, subject) => {
    const renamed = replaceName(text, keywords, subject.names, temporaryRelation(subject.names))
    return renamed === null ? null : deparseOnTable(renamed, print(subject), subject)
  }
}

const indexDefinitionQuery = ({ names: [schema = '', , index = ''] }: DeparseContext): string =>
  `select pg_get_indexdef(${temporaryRelationOid([schema, index])})`

/** The query that prints the only object of a kind on the temporary table. */
function definitionQuery(print: string, catalog: string, table: string): (subject: DeparseContext) => string {
  return ({ names }) => `select ${print}(oid) from ${catalog} where ${table} = ${temporaryRelationOid(names)}`
}

/** A published table: its name, then optional columns, then an optional row filter. */
const deparsePublishedTable: DeparseRule = (text, subject) => {
  const at = text.indexOf(' WHERE (')
  if (at < 0) return deparseNames(text, subject)
  const head = text.slice(0, at)
  const [table = ''] = head.split(' (')
  return deparseQuery(`select from ${table}${text.slice(at)};`, normalizeQuoting(head))
}

/**
 * The facts that PostgreSQL may print differently for the same definition, by kind, with the rule for each. A rule applies
 * to each text of a list.
 */
export const deparseRules: Readonly<Record<string, Readonly<Record<string, DeparseRule>>>> = {
  view: { definition: deparseView, columns: deparseNames },
  materialized_view: { definition: deparseView, columns: deparseNames },
  table: {
    partitionedBy: deparsePartitionKey,
    parents: deparseNames,
    ofType: deparseNames,
    replicaIdentity: deparseNames,
  },
  foreign_table: { parents: deparseNames },
  column: { default: deparseExpression, generated: deparseGeneratedColumn, type: deparseNames },
  constraint: { definition: deparseConstraint, parent: deparseNames },
  index: { definition: deparseWithTable(['ON ONLY', 'ON'], indexDefinitionQuery), parent: deparseNames },
  trigger: {
    definition: deparseWithTable(['ON'], definitionQuery('pg_get_triggerdef', 'pg_trigger', 'tgrelid')),
  },
  rule: { definition: deparseWithTable(['TO'], definitionQuery('pg_get_ruledef', 'pg_rewrite', 'ev_class')) },
  policy: { using: deparseRowExpression, withCheck: deparseRowExpression },
  function: { definition: deparseRoutine },
  procedure: { definition: deparseRoutine },
  domain: { default: deparseExpression, constraints: deparseDomainConstraint, type: deparseNames },
  composite: { attributes: deparseNames },
  sequence: { ownedBy: deparseNames },
  statistics: { definition: deparseNames },
  publication: { tables: deparsePublishedTable, schemas: deparseNames },
}
