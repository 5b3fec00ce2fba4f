/** What a database, or the files beside the migrations, are not as they should be. */
export const stateCodes = {
  SCHEMA_BEHIND: {
    exit: 3,
    meaning: 'The database lacks revisions that this build has.',
    fix: 'Run `schemagate migrate`, or let the service do it with `ON_BEHIND=migrate`.',
  },
  SCHEMA_DRIFT: {
    exit: 4,
    meaning: 'The catalog differs from what is promised in a way that breaks or weakens this build.',
    fix: 'Undo the change by hand or write a migration for it; `schemagate verify` lists expected and actual.',
  },
  SCHEMA_HAZARD_NOT_ALLOWED: {
    exit: 4,
    meaning:
      'SQL that was asked for has hazards that `--allow` does not name. It is not shown, and nothing was run.',
    fix: 'Read the hazards that the error lists, then name those that are acceptable with `--allow`.',
  },
  SCHEMA_HAZARD_REFUSED: {
    exit: 4,
    meaning:
      'A pending revision locks, rewrites, reads or loses what nobody has allowed, and `ON_HAZARD=refuse`. Nothing was migrated.',
    fix: 'Run `schemagate plan`; then change the migration, or allow the hazard in a comment of it or with `PLAN_ALLOW`.',
  },
  SCHEMA_STAMP_UNTRUE: {
    exit: 4,
    meaning:
      '`stamp` was asked to record a revision, but the database is not what the migrations promise there. Nothing was recorded.',
    fix: 'Run `schemagate stamp` without a revision: it names the closest revision, the remaining differences, and how to remove them.',
  },
  SCHEMA_UNVERIFIED: {
    exit: 4,
    meaning: 'There is no snapshot, so the catalog cannot be verified, and `ON_UNVERIFIED=refuse`.',
    fix: 'Run `schemagate snapshot` and commit the file.',
  },
  SCHEMA_SNAPSHOT_INVALID: {
    exit: 4,
    meaning: 'The snapshot file cannot be read.',
    fix: 'Run `schemagate snapshot` and commit the file.',
  },
  SCHEMA_SNAPSHOT_STALE: {
    exit: 4,
    meaning: 'The snapshot was not made from these migrations.',
    fix: 'Run `schemagate snapshot` and commit the file; `schemagate snapshot --check` belongs in CI.',
  },
  SCHEMA_TYPES_STALE: {
    exit: 4,
    meaning: 'The file of table types was not made from this snapshot.',
    fix: 'Run `schemagate types` and commit the file; `schemagate types --check` belongs in CI.',
  },
  SCHEMA_AHEAD: {
    exit: 5,
    meaning: 'A newer build migrated this database, and the change breaks or weakens this build.',
    fix: 'Deploy the newer build, or roll the database back with it.',
  },
  SCHEMA_DIVERGED: {
    exit: 5,
    meaning: 'The database has revisions that this build lacks, and lacks revisions that this build has.',
    fix: 'Merge the two lines of migrations into one build, and deploy that.',
  },
  SCHEMA_HISTORY_CHANGED: {
    exit: 5,
    meaning: 'Applied migrations were edited, renamed or deleted in the folder.',
    fix: 'Restore the files as they were when they were applied, and make further changes in a new migration.',
  },
  SCHEMA_OUT_OF_ORDER: {
    exit: 5,
    meaning: 'A pending revision comes before one that is applied, and `ON_OUT_OF_ORDER=refuse`.',
    fix: 'Rename the file so that it comes last, or set `ON_OUT_OF_ORDER=migrate`; then run `schemagate snapshot`.',
  },
  SCHEMA_MODELS_DIFFER: {
    exit: 4,
    meaning:
      'The database is built from models and differs from them in what a start neither changes nor drops.',
    fix: 'Draft the change with `schemagate new NAME --from models:FILE`, or build the database again with `schemagate reset`.',
  },
  SCHEMA_BUILT_FROM_MIGRATIONS: {
    exit: 6,
    meaning: 'The database records revisions, and `BUILD_FROM` says that it is built from models.',
    fix: 'Set `BUILD_FROM=migrations`, or build the database again with `schemagate reset`.',
  },
  SCHEMA_UNMANAGED: {
    exit: 6,
    meaning: 'The database has tables, but no record of any migration.',
    fix: 'If it is the wrong database, correct the URL; if it is yours, `schemagate stamp` says which revision it is at, and records it if that is true.',
  },
  SCHEMA_WRONG_DATABASE: {
    exit: 6,
    meaning:
      'The database belongs to a different service or environment, or this build knows none of its recorded revisions, or `MIGRATION_DATABASE_URL` leads to a different database than `DATABASE_URL`.',
    fix: 'Correct the database URL, `ENV_TARGET`, `SERVICE_NAME` or the migrations folder; if the database changed hands or is a copy, run `schemagate adopt`.',
  },
  SCHEMA_NOT_EMPTY: {
    exit: 6,
    meaning: '`init` was asked to build a database that has objects and no recorded revision.',
    fix: 'Name an empty database, or record what it has with `schemagate stamp`.',
  },
  SCHEMA_LEDGER_MISPLACED: {
    exit: 6,
    meaning:
      'The ledger is in a different PostgreSQL schema than Knex would use, or in several schemas, or a schema of the `searchPath` is missing. Knex would build everything in the wrong place.',
    fix: 'Create the schema, correct `searchPath` or `schemaName` in the knexfile, or drop the ledger that is not in use.',
  },
} as const satisfies Record<string, { exit: number; meaning: string; fix: string }>
