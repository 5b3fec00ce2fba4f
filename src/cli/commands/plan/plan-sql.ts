import { toPrintable } from '../../../core/text/printable.js'
import { quoteLiteral } from '../../../ddl/identifiers.js'
import type { PendingPlan } from '../../../operations/plan/pending-plan.js'
import type { PlannedStatement } from '../../../operations/plan/planned-revision.js'

/** What the revisions sent, as an SQL file for psql, each revision in its transaction or in none. */
export function renderPlanSql({ revisions, failed }: PendingPlan): string {
  const parts = revisions.map(({ revision, transactional, statements }) =>
    [
      `-- ${toPrintable(revision)}`,
      ...(transactional ? ['BEGIN;'] : []),
      ...statements.filter(({ error }) => error === null).map(renderStatement),
      ...(transactional ? ['COMMIT;'] : []),
    ].join('\n'),
  )
  const failure =
    failed === null ? [] : [`-- ${toPrintable(failed.revision)} fails: ${toPrintable(failed.error.message)}`]
  return [...parts, ...failure].join('\n\n')
}

/** Values are bound as they were: PostgreSQL alone knows where in a statement they go. */
function renderStatement({ sql, values }: PlannedStatement): string {
  const text = sql.trim().replace(/;$/, '')
  if (values.length === 0) return `${text};`
  const bound = values.map(renderValue).join(', ')
  return `PREPARE schemagate_statement AS ${text};\nEXECUTE schemagate_statement(${bound});\nDEALLOCATE schemagate_statement;`
}

function renderValue(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return String(value)
  return quoteLiteral(Array.isArray(value) ? renderArray(value) : textOf(value))
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Date) return value.toISOString()
  return Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : JSON.stringify(value)
}

/** As pg writes an array. */
function renderArray(values: readonly unknown[]): string {
  return `{${values.map(renderElement).join(',')}}`
}

function renderElement(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (Array.isArray(value)) return renderArray(value)
  return `"${textOf(value).replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
