import {
  buildSourceType,
  certificatesType,
  commandType,
  databaseUrlType,
  durationType,
  fileType,
  foldersType,
  type ConfigKey,
  enumType,
  secretType,
  serverHostType,
  serverPortType,
  stringType,
  booleanType,
} from './value-types.js'

/** The databases, and how they are migrated. */
export const databaseKeys = {
  DATABASE_URL: {
    ...databaseUrlType,
    default: null,
    defaultNote: 'the DB_ keys, else the knexfile, else an embedded PostgreSQL outside production',
    description: 'The database of the service.',
  },
  'DATABASE_URL_{TARGET}': {
    ...databaseUrlType,
    default: null,
    description:
      'The database of one target, such as DATABASE_URL_DEMO. It wins over DATABASE_URL, unless that is set on the command line.',
  },
  DB_HOST: {
    ...serverHostType,
    default: null,
    description: 'The database server, if no URL is set. Needs DB_USER and DB_NAME.',
  },
  DB_PORT: { ...serverPortType, default: null, defaultNote: '5432', description: 'The port of DB_HOST.' },
  DB_USER: { ...stringType, default: null, description: 'The user for DB_HOST.' },
  DB_PASSWORD: {
    ...secretType,
    default: null,
    description: 'The password of DB_USER, without percent-encoding.',
  },
  DB_NAME: { ...stringType, default: null, description: 'The name of the database on DB_HOST.' },
  DATABASE_SSL: {
    ...certificatesType,
    default: null,
    defaultNote: 'what the URL says',
    description: 'How connections are encrypted, and what the certificate of the server is checked against.',
  },
  MIGRATION_DATABASE_URL: {
    ...databaseUrlType,
    default: null,
    defaultNote: 'the database of the service',
    description: 'The same database for migrations: with a different role, or without the pooler.',
  },
  SCRATCH_DATABASE_URL: {
    ...databaseUrlType,
    default: null,
    defaultNote: 'the embedded PostgreSQL, if it is installed',
    description:
      'Where migrations are replayed: a server on which the role may create databases, or an empty database. The server of the service is never used for that, unless this names it.',
  },
  SCRATCH_PRELUDE: {
    ...fileType,
    default: null,
    description:
      'A file of SQL with what the service creates before it migrates, such as a schema. It is run in each scratch database first; what it makes is never promised.',
  },
  CONNECT_TIMEOUT: {
    ...durationType,
    default: '30s',
    description: 'How long to wait for PostgreSQL when starting.',
  },
  MIGRATIONS_DIR: {
    ...foldersType,
    default: null,
    defaultNote: 'what the knexfile says, else ./migrations',
    description: 'The folder of the migrations; several are separated by commas.',
  },
  KNEXFILE: {
    ...fileType,
    default: null,
    defaultNote: 'the knexfile in the current folder',
    description: 'The knexfile that the settings of Knex are read from; `none` reads none.',
  },
  BUILD_FROM: {
    ...buildSourceType,
    default: 'migrations',
    description:
      'What a database is built from: `migrations`; `snapshot`, which builds an empty one at head as `init` does; or, for the environments development and test, `models:FILE`, to which each start adds what is missing.',
  },
  MIGRATION_TRANSACTION: {
    ...enumType('batch', 'each'),
    default: 'batch',
    description: 'Whether all pending migrations share one transaction, or each has its own.',
  },
  LOCK_WAIT_TIMEOUT: {
    ...durationType,
    default: '10m',
    description: 'How long to wait while another process migrates.',
  },
  MIGRATION_LOCK_TIMEOUT: {
    ...durationType,
    default: '5s',
    description:
      'How long a statement of a migration in a transaction may wait for a lock, while other queries on the table wait behind it. Then the migration is rolled back and retried. 0 waits without limit.',
  },
  MIGRATION_DEADLINE: {
    ...durationType,
    default: '10m',
    description:
      'How long a migration that waits for locks is retried, counted from its first attempt; 0 never retries.',
  },
  BACKUP_BEFORE_MIGRATE: {
    ...enumType('off', 'destructive', 'always', '1'),
    default: 'off',
    description:
      'Whether pg_dump backs the database up before a migration: `destructive` before revisions that drop tables or columns or narrow types, `always` (or 1) before any. Without a backup nothing is migrated.',
  },
  BACKUP_TO: { ...fileType, default: 'backups', description: 'The folder for backups.' },
  BACKUP_COMMAND: {
    ...commandType,
    default: null,
    description: 'A command of the shell that takes the backup on its stdin, instead of BACKUP_TO.',
  },
  SEED_ON_START: {
    ...booleanType,
    default: 'false',
    description: 'Whether to run the seeds after migrating, when the service starts.',
  },
  SEEDS_DIR: {
    ...fileType,
    default: null,
    defaultNote: 'what the knexfile says, else ./seeds',
    description: 'The folder of the seeds.',
  },
} as const satisfies Record<string, ConfigKey>
