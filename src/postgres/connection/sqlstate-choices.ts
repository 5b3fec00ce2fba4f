import type { ErrorChoice } from '../../errors/schema-error.js'
import { driverErrorCode, type SqlState, sqlState } from './sqlstate.js'

/** How the code ran whose statement was refused. */
export interface StatementPlace {
  /** Whether its revision was given a transaction. */
  readonly transactional: boolean
  /** Whether revisions before it were in the same transaction. */
  readonly shared: boolean
  /** Whether the database holds rows that the migrations did not write. */
  readonly ownRows: boolean
}

/** What helps against a SQLSTATE; nothing where the place is not the reason. */
type Advice = (place: StatementPlace, error: unknown) => readonly ErrorChoice[]

const outsideTransaction: Advice = ({ transactional }, error) => {
  // SET TRANSACTION has the same SQLSTATE.
  if (!isRaisedBy(error, 'PreventInTransactionBlock')) return []
  return transactional
    ? [
        [
          'export const config = { transaction: false }',
          'for a migration with this statement alone in its raw: PostgreSQL runs it outside a transaction only',
        ],
      ]
    : [['knex.raw() for it alone', 'several statements in one raw share a transaction']]
}

const newEnumValue: Advice = ({ shared }) => [
  ...(shared
    ? [
        [
          'MIGRATION_TRANSACTION=each',
          'commits each revision: a value of an enum can be used once the revision that adds it is committed',
        ] as const,
      ]
    : []),
  ['split the migration', 'so that one adds the value and the next one uses it'],
]

const wrongRows: Advice = ({ ownRows }) =>
  ownRows ? [['correct the rows', 'that the constraint does not allow; then run it again']] : []

/** ALTER TABLE after rows of the same transaction whose constraints are checked at its end. */
const pendingTriggers: Advice = ({ transactional, shared }, error) => {
  if (!transactional || !isRaisedBy(error, 'CheckTableNotInUse')) return []
  const both: readonly ErrorChoice[] = [
    ['MIGRATION_TRANSACTION=each', 'commits the rows of earlier revisions before the table is altered'],
    ['split the migration', 'so that one changes the rows and the next one the table'],
  ]
  return shared ? both : both.slice(1)
}

const adviceByState: Readonly<Partial<Record<SqlState, Advice>>> = {
  [sqlState.activeTransaction]: outsideTransaction,
  [sqlState.unsafeNewEnumValue]: newEnumValue,
  [sqlState.notNullViolation]: wrongRows,
  [sqlState.foreignKeyViolation]: wrongRows,
  [sqlState.uniqueViolation]: wrongRows,
  [sqlState.checkViolation]: wrongRows,
  [sqlState.exclusionViolation]: wrongRows,
  [sqlState.insufficientPrivilege]: () => [
    ['MIGRATION_DATABASE_URL', 'names the same database with a role that may do this'],
  ],
  [sqlState.diskFull]: () => [['run it again', 'once the server has room']],
  [sqlState.objectInUse]: pendingTriggers,
}

/** What helps against an error of a statement, besides correcting the code that sent it. */
export function choicesForError(error: unknown, place: StatementPlace): readonly ErrorChoice[] {
  const entry = Object.entries(adviceByState).find(([state]) => state === driverErrorCode(error))
  return entry?.[1](place, error) ?? []
}

/** Whether this function of PostgreSQL raised an error; its messages are in the language of the server. */
function isRaisedBy(error: unknown, routine: string): boolean {
  return error instanceof Error && 'routine' in error && error.routine === routine
}
