/** Words that this project does not use, and what it says instead. */
export interface ForbiddenWords {
  readonly say: string
  /** Several that belong together; `history table` is found in `historyTable` too. */
  readonly words: readonly string[]
}

/** The last column of the glossary in ARCHITECTURE.md: held out of code, messages, comments and documentation. */
export const neverSay: readonly ForbiddenWords[] = [
  { say: 'migration', words: ['changeset', 'patch'] },
  { say: 'revision', words: ['schema version', 'migration version', 'database version', 'revision id'] },
  { say: 'head', words: ['latest revision', 'latest migration', 'target revision'] },
  { say: 'unknown', words: ['corrupt', 'missing migration', 'missing revision'] },
  { say: 'position', words: ['database state', 'schema state', 'migration state'] },
  { say: 'ledger', words: ['history table'] },
  { say: 'snapshot', words: ['manifest', 'lock file', 'baseline'] },
  { say: 'difference', words: ['delta', 'mismatch'] },
  { say: 'impact', words: ['severity', 'impact level'] },
  { say: 'policy', words: ['strict', 'policy mode'] },
  { say: 'scratch', words: ['shadow', 'dev database'] },
  { say: 'stamp', words: ['fake'] },
  { say: 'lock', words: ['mutex'] },
  { say: 'identity', words: ['tenant'] },
  { say: 'hazard', words: ['risk', 'danger'] },
  { say: 'plan', words: ['dry run', 'preview'] },
  { say: 'monitor', words: ['watcher'] },
]

/** Idioms that read as translated: held out of the same places. */
export const idioms: readonly ForbiddenWords[] = [
  { say: 'everybody who', words: ['whoever'] },
  { say: 'again', words: ['anew'] },
  { say: 'will, must or should', words: ['shall'] },
]

/** Files in which one of these words means something else, and what. */
export const otherMeanings: readonly {
  readonly word: string
  readonly files: readonly string[]
  readonly because: string
}[] = [
  {
    word: 'severity',
    files: [
      'src/core/model/observed-statements.ts',
      'src/core/progress/events.ts',
      'src/core/progress/messages.ts',
      'src/core/progress/run-messages.ts',
      'src/core/progress/notices.ts',
      'src/postgres/migrate/revert.ts',
      'src/postgres/connection/sqlstate.ts',
      'src/postgres/migrate/run-code.ts',
      'src/postgres/migrate/seed.ts',
      'src/postgres/migrate/settle-session.ts',
      'src/postgres/migrate/apply.ts',
      'src/postgres/migrate/lock-retry.ts',
      'src/postgres/session/observe-statements.ts',
      'src/operations/plan/planned-revision.ts',
      'src/postgres/migrate/server-messages.ts',
      'src/postgres/rows/ask-rows.ts',
    ],
    because: 'PostgreSQL calls it that whether a message is a NOTICE or a WARNING, and so do the log lines',
  },
  {
    word: 'strict',
    files: ['CONTRIBUTING.md'],
    because: 'the settings of TypeScript',
  },
]

/** Words of the table that cannot be held out, because they are the right ones for something else. */
export const allowedWords: Readonly<Record<string, string>> = {
  version: 'of a server, of a package, of a build',
  id: 'of a row, of a database in its identity',
  latest: 'the method of Knex that migrates',
  target: 'ENV_TARGET, the environment of a process',
  done: 'of objects: which of them a half applied revision made',
  missing: 'one of the three differences',
  state: 'of a process, of a session of PostgreSQL, of health',
  schema: 'what CREATE SCHEMA makes; a JSON schema',
  model: "a user's models, from which a migration is drafted",
  level: 'of a log line; how much of the details a caller may see',
  check: 'the command; a CHECK constraint; any test of a condition',
  mode: 'of a lock, of a file, of a pooler',
  mark: 'to mark as applied, which is a part of stamp, init and repair',
  owner: 'the role that owns an object',
}

/** Metaphors and invented words that once were names here: held out of names, and what the field says. */
export const inventedNames: readonly ForbiddenWords[] = [
  { say: 'temporary objects', words: ['canvas'] },
  { say: 'deparse, canonicalize', words: ['draw', 'drawing', 'drawn', 'sketch'] },
  { say: 'checkpoint, read', words: ['look', 'sight', 'sighting'] },
  { say: 'completion', words: ['standing', 'stood', 'standpoint', 'bearings'] },
  { say: 'unknown', words: ['untold'] },
  { say: 'fingerprint, input', words: ['evidence'] },
  { say: 'watchdog', words: ['pulse'] },
  { say: 'retry, timeout', words: ['patience', 'bear'] },
  { say: 'precondition', words: ['admission', 'admit'] },
  { say: 'supervise', words: ['entrance'] },
  { say: 'monitor', words: ['eye'] },
  { say: 'closest revision', words: ['best fit'] },
  { say: 'naming, plan input', words: ['manner', 'passage', 'journey'] },
  { say: 'report, message', words: ['story', 'narrative', 'wording', 'worded', 'tell', 'told', 'saying'] },
  { say: 'a plain noun', words: ['whoever', 'somebody', 'nobody'] },
]

/** Names with such a word that are right, by file and name, and why. A key `*` is every file. */
export const rightNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '*': {
    lookUp: 'to find a value by its key',
    lookUpAll: 'to find values by their keys',
    lookUpDirect: 'to find a value by its key',
    lookUpTarget: 'to find a value by its key',
  },
  'core/progress/events.ts': { standing: 'a key of log lines' },
  'postgres/migrate/migrate.ts': { standing: 'a key of log lines' },
  'cli/commands/status.ts': { standing: 'a key of the document for --json' },
}
