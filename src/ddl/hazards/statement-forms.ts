import type { LockMode } from '../statement.js'

/**
 * Which relations a statement reaches, seen from the object that it is for.
 *
 * - table: the relation that it is or belongs to
 * - below: partitions and inheriting tables of that, at any depth
 * - referenced: what the foreign key or trigger that it is leads to; `by a tree`: only if its table has something below
 * - foreign keys: what foreign keys of the table, of its parents and of what is below lead to; `own`: those that it does
 *   not have from a parent
 * - references to it: where the foreign keys come from that lead to any of them
 */
export type Reach =
  | 'table'
  | 'below'
  | 'parents'
  | 'default partition'
  | 'referenced'
  | 'referenced by a tree'
  | 'foreign keys'
  | 'own foreign keys'
  | 'references to it'

/** What a statement does besides locking, read from its form alone. */
export type Effect = 'index dropped' | 'authorization' | 'replica identity' | 'untraced'

/** The hazards of one form of statement. */
export interface StatementForm {
  /** How it begins; `…` is a name, or a list of clauses. */
  readonly form: string
  readonly locks: readonly (readonly [LockMode, ...Reach[]])[]
  readonly effects?: readonly Effect[]
  /** Whether its relation may have rows in this database, which it rewrites or reads and which may not fit. Default: yes. */
  readonly hasRows?: false
  /** What it reads from end to end besides its own table. */
  readonly scans?: readonly (readonly [LockMode, ...Reach[]])[]
}

const exclusive = 'ACCESS EXCLUSIVE'
const rowExclusive = 'SHARE ROW EXCLUSIVE'
const update = 'SHARE UPDATE EXCLUSIVE'

/**
 * What each form of statement locks, as a test observes it in `pg_locks`, and what else it does. The first row that matches
 * counts. A statement without a row locks no table, view or sequence that others use.
 *
 * @see https://www.postgresql.org/docs/current/explicit-locking.html
 */
export const statementForms: readonly StatementForm[] = [
  {
    form: 'ALTER TABLE … ATTACH PARTITION',
    locks: [
      [update, 'parents'],
      [exclusive, 'table', 'below', 'default partition', 'own foreign keys'],
      [rowExclusive, 'foreign keys', 'references to it'],
    ],
    scans: [[exclusive, 'default partition']],
  },
  {
    form: 'ALTER TABLE … DETACH PARTITION',
    locks: [
      [exclusive, 'parents', 'table', 'default partition', 'references to it'],
      [rowExclusive, 'foreign keys'],
    ],
    scans: [[exclusive, 'references to it']],
  },
  { form: 'ALTER TABLE … NO INHERIT', locks: [[exclusive, 'table']] },
  {
    form: 'ALTER TABLE … INHERIT',
    locks: [
      [exclusive, 'table'],
      [update, 'parents'],
    ],
  },
  { form: 'ALTER TABLE … VALIDATE CONSTRAINT', locks: [[update, 'table', 'below']] },
  {
    form: 'ALTER TABLE … ADD CONSTRAINT … FOREIGN KEY',
    locks: [
      [rowExclusive, 'table', 'below', 'referenced'],
      [exclusive, 'referenced by a tree'],
    ],
  },
  {
    form: 'ALTER TABLE … DROP CONSTRAINT',
    locks: [[exclusive, 'table', 'below', 'referenced']],
    effects: ['index dropped'],
  },
  { form: 'ALTER TABLE … ALTER CONSTRAINT', locks: [[exclusive, 'table', 'below']] },
  { form: 'ALTER TABLE … ENABLE TRIGGER', locks: [[rowExclusive, 'table', 'below']] },
  { form: 'ALTER TABLE … ENABLE … TRIGGER', locks: [[rowExclusive, 'table', 'below']] },
  { form: 'ALTER TABLE … DISABLE TRIGGER', locks: [[rowExclusive, 'table', 'below']] },
  { form: 'ALTER TABLE … ALTER COLUMN … SET STATISTICS', locks: [[update, 'table', 'below']] },
  { form: 'ALTER TABLE … ALTER COLUMN … SET (', locks: [[update, 'table', 'below']] },
  { form: 'ALTER TABLE … ALTER COLUMN … RESET (', locks: [[update, 'table', 'below']] },
  { form: 'ALTER TABLE … CLUSTER ON', locks: [[update, 'table']] },
  { form: 'ALTER TABLE … SET WITHOUT CLUSTER', locks: [[update, 'table']] },
  { form: 'ALTER TABLE … SET (', locks: [[update, 'table']] },
  { form: 'ALTER TABLE … RESET (', locks: [[update, 'table']] },
  { form: 'ALTER TABLE … OWNER TO', locks: [[exclusive, 'table']], effects: ['authorization'] },
  { form: 'ALTER TABLE … REPLICA IDENTITY', locks: [[exclusive, 'table']], effects: ['replica identity'] },
  {
    form: 'ALTER TABLE … ENABLE ROW LEVEL SECURITY',
    locks: [[exclusive, 'table']],
    effects: ['authorization'],
  },
  {
    form: 'ALTER TABLE … DISABLE ROW LEVEL SECURITY',
    locks: [[exclusive, 'table']],
    effects: ['authorization'],
  },
  {
    form: 'ALTER TABLE … FORCE ROW LEVEL SECURITY',
    locks: [[exclusive, 'table']],
    effects: ['authorization'],
  },
  {
    form: 'ALTER TABLE … NO FORCE ROW LEVEL SECURITY',
    locks: [[exclusive, 'table']],
    effects: ['authorization'],
  },
  // Below, the columns and constraints that stay become those of the child tables.
  { form: 'ALTER TABLE ONLY … DROP COLUMN', locks: [[exclusive, 'table', 'below']] },
  {
    form: 'ALTER TABLE ONLY … DROP CONSTRAINT',
    locks: [[exclusive, 'table', 'below', 'referenced']],
    effects: ['index dropped'],
  },
  { form: 'ALTER TABLE ONLY', locks: [[exclusive, 'table']] },
  { form: 'ALTER TABLE', locks: [[exclusive, 'table', 'below']] },
  { form: 'ALTER FOREIGN TABLE', locks: [[exclusive, 'table']], hasRows: false },
  { form: 'ALTER MATERIALIZED VIEW', locks: [[exclusive, 'table']] },
  { form: 'ALTER VIEW', locks: [[exclusive, 'table']] },
  { form: 'CREATE OR REPLACE VIEW', locks: [[exclusive, 'table']] },
  {
    form: 'DROP TABLE',
    locks: [
      [exclusive, 'table', 'below', 'parents', 'default partition', 'foreign keys', 'references to it'],
    ],
  },
  { form: 'DROP FOREIGN TABLE', locks: [[exclusive, 'table', 'parents']] },
  { form: 'DROP MATERIALIZED VIEW', locks: [[exclusive, 'table']] },
  { form: 'DROP VIEW', locks: [[exclusive, 'table']] },
  { form: 'DROP SEQUENCE', locks: [[exclusive, 'table']] },
  { form: 'ALTER SEQUENCE', locks: [[rowExclusive, 'table']] },
  { form: 'REFRESH MATERIALIZED VIEW', locks: [[exclusive, 'table']] },
  { form: 'CREATE INDEX CONCURRENTLY', locks: [[update, 'table']] },
  { form: 'CREATE UNIQUE INDEX CONCURRENTLY', locks: [[update, 'table']] },
  { form: 'REINDEX INDEX CONCURRENTLY', locks: [[update, 'table']] },
  { form: 'CREATE INDEX … ON ONLY', locks: [['SHARE', 'table']] },
  { form: 'CREATE UNIQUE INDEX … ON ONLY', locks: [['SHARE', 'table']] },
  { form: 'CREATE INDEX', locks: [['SHARE', 'table', 'below']] },
  { form: 'CREATE UNIQUE INDEX', locks: [['SHARE', 'table', 'below']] },
  { form: 'DROP INDEX CONCURRENTLY', locks: [[update, 'table']], effects: ['index dropped'] },
  { form: 'DROP INDEX', locks: [[exclusive, 'table', 'below']], effects: ['index dropped'] },
  // The lock on the index of the partition, for which queries on that wait.
  { form: 'ALTER INDEX … ATTACH PARTITION', locks: [[exclusive, 'table']] },
  { form: 'CREATE TRIGGER', locks: [[rowExclusive, 'table', 'below']] },
  { form: 'CREATE OR REPLACE TRIGGER', locks: [[rowExclusive, 'table', 'below']] },
  { form: 'CREATE CONSTRAINT TRIGGER', locks: [[rowExclusive, 'table', 'below', 'referenced']] },
  { form: 'DROP TRIGGER', locks: [[exclusive, 'table', 'below', 'referenced']] },
  { form: 'CREATE POLICY', locks: [[exclusive, 'table']], effects: ['authorization'] },
  { form: 'ALTER POLICY', locks: [[exclusive, 'table']], effects: ['authorization'] },
  { form: 'DROP POLICY', locks: [[exclusive, 'table']], effects: ['authorization'] },
  { form: 'CREATE OR REPLACE RULE', locks: [[exclusive, 'table']] },
  { form: 'CREATE RULE', locks: [[exclusive, 'table']] },
  { form: 'DROP RULE', locks: [[exclusive, 'table']] },
  { form: "DO $$BEGIN EXECUTE 'ALTER", locks: [[exclusive, 'table']] },
  { form: 'CREATE STATISTICS', locks: [[update, 'table']] },
  { form: 'GRANT', locks: [], effects: ['authorization'] },
  { form: 'REVOKE', locks: [], effects: ['authorization'] },
  { form: 'ALTER DEFAULT PRIVILEGES', locks: [], effects: ['authorization'] },
  { form: 'CREATE OR REPLACE FUNCTION', locks: [], effects: ['untraced'] },
  { form: 'CREATE OR REPLACE PROCEDURE', locks: [], effects: ['untraced'] },
  { form: 'DROP FUNCTION', locks: [], effects: ['untraced'] },
  { form: 'DROP PROCEDURE', locks: [], effects: ['untraced'] },
]
