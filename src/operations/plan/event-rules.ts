import type { RuleText } from '../observe/rule.js'

/** What is seen while the statements of a revision run. */
export const eventRules = {
  rename: {
    kind: 'hazard',
    finds: 'gets another name',
    because: 'the build before names it as it was, and fails until the last process of it has ended',
    safer:
      'a new column, table or value that both builds use, and the old one dropped in a later release; a table can leave a view with the old name',
  },
  'every-row-written': {
    kind: 'hazard',
    finds: 'is written row by row, all of it, in one statement',
    because:
      'its rows stay locked until the transaction ends, the table grows by as much as it has, and replicas and VACUUM come after',
    safer: 'batches outside a transaction, in a revision of its own: inBatches(knex, table, …)',
  },
  'no-lock-timeout': {
    kind: 'hazard',
    finds: 'is locked by a statement that waits without end for the lock',
    because: 'while it waits for a long transaction, everybody who comes later waits behind it',
    safer:
      'in a transaction MIGRATION_LOCK_TIMEOUT; outside of one, set lock_timeout before the statement, and reset it before CREATE INDEX CONCURRENTLY',
  },
  skipped: {
    kind: 'advice',
    finds: 'skips what it was to make',
    because: 'something with this name is there, and PostgreSQL does not look at whether it is the same',
    safer: 'without IF NOT EXISTS: then another object of this name is an error',
  },
  'name-truncated': {
    kind: 'advice',
    finds: 'has a name that PostgreSQL cuts to 63 bytes',
    because: 'two long names may be cut to the same one, and code that names it in full finds it by luck',
    safer: 'a shorter name; Knex takes one for an index or a constraint',
  },
  'work-under-lock': {
    kind: 'advice',
    finds: 'stays locked in ACCESS EXCLUSIVE while later statements lock, read or write tables',
    because: 'readers and writers wait for all of them, until the transaction ends',
    safer: 'a revision of its own for each table, the work on rows in another one before or after it',
  },
  'repeated-scan': {
    kind: 'advice',
    finds: 'is read or rewritten as a whole by several statements',
    because: 'each takes as long as the table is large, under a lock',
    safer: 'one ALTER TABLE with all of these changes: it reads or rewrites once',
  },
  'without-concurrently': {
    kind: 'advice',
    finds: 'runs without CONCURRENTLY on a table that was there before',
    because: 'writers, and for some commands readers, wait until it has ended',
    safer:
      'CONCURRENTLY outside a transaction: createIndexSafely, or config = { transaction: false }; REFRESH needs a unique index for it',
  },
  'validated-at-once': {
    kind: 'advice',
    finds: 'is made NOT VALID and validated in one transaction',
    because: 'the lock that made it is still held while the rows are read, so that NOT VALID gains nothing',
    safer: 'VALIDATE CONSTRAINT in a later revision, in a transaction of its own',
  },
  'volatile-default': {
    kind: 'advice',
    finds: 'is a new column whose default is computed for each row',
    because:
      'the table is rewritten under an ACCESS EXCLUSIVE lock; a constant default would rewrite nothing',
    safer: 'add the column without a default, set the default after that, and fill the rows in batches',
  },
  'stored-column': {
    kind: 'advice',
    finds: 'is a new column that is GENERATED … STORED',
    because: 'the table is rewritten under an ACCESS EXCLUSIVE lock',
    safer: 'a plain column that a trigger fills, and the rows that are there in batches; or a view',
  },
  'numbered-column': {
    kind: 'advice',
    finds: 'is a new column that is serial or an identity',
    because: 'the table is rewritten under an ACCESS EXCLUSIVE lock, to give each row a number',
    safer: 'a plain column, its sequence as default after that, and the rows that are there in batches',
  },
  'inside-transaction': {
    kind: 'hazard',
    finds: 'sends a statement that PostgreSQL runs only outside a transaction',
    because:
      'CONCURRENTLY, VACUUM and their like fail in a transaction, and each revision has one unless it says otherwise',
    safer: 'export const config = { transaction: false }, in a revision with nothing else',
  },
  'enum-value-used': {
    kind: 'hazard',
    finds: 'uses a value of an enum in the transaction that adds it',
    because: 'PostgreSQL refuses that until the transaction has ended',
    safer:
      'the value in a revision before it, and MIGRATION_TRANSACTION=each where both are pending together',
  },
  'no-down': {
    kind: 'advice',
    finds: 'has no down',
    because: 'it cannot be reverted, and a rehearsal cannot run it twice',
    safer: 'export a down, which throws an error that says why where there is no way back',
  },
  'empty-down': {
    kind: 'advice',
    finds: 'has a down that does nothing',
    because: 'a rollback takes it for reverted, although everything is still there',
    safer: 'a down that takes back what up did, or throws an error that says why it cannot',
  },
  'down-throws': {
    kind: 'advice',
    finds: 'has a down that throws',
    because: 'it cannot be reverted, and neither can what came before it',
    safer: 'a down that runs, where there is a way back; schemagate rehearse shows why it fails',
  },
} as const satisfies Readonly<Record<string, RuleText>>

/** The name of a rule that is found in what the statements of a revision do. */
export type EventRuleName = keyof typeof eventRules
