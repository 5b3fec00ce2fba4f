import { hostname } from 'node:os'
import {
  certificates,
  databaseUrl,
  duration,
  folders,
  httpUrl,
  ignoreRules,
  listeningPort,
  oneOf,
  secret,
  serverHost,
  serverPort,
  target,
  text,
  yesOrNo,
  type Form,
} from './forms.js'

/** A key of the configuration. Its default is a text as an environment variable would hold it, or null for none. */
export interface Key extends Form {
  readonly default: string | null
  /** The default in words, where the text does not say it. */
  readonly otherwise?: string
  readonly description: string
}

/** Every key there is. `{TARGET}` stands for ENV_TARGET in upper case. */
export const keys = {
  NODE_ENV: {
    ...text,
    default: 'development',
    description:
      'With `production`, env/.env is not read, a database must be configured, and health hides details.',
  },
  ENV_TARGET: {
    ...target,
    default: 'development',
    otherwise: 'NODE_ENV, else development',
    description:
      'The environment this process belongs to: it chooses config/{ENV_TARGET}.json and env/.env.{ENV_TARGET}.',
  },
  SERVICE_NAME: {
    ...text,
    default: 'service',
    otherwise: 'the name in package.json',
    description: 'The name of this service, in logs, in health and for the fleet.',
  },
  SERVICE_VERSION: {
    ...text,
    default: null,
    otherwise: 'the version in package.json',
    description: 'The version of this service, in health.',
  },
  RELEASE: {
    ...text,
    default: null,
    otherwise: "the platform's commit, such as GIT_SHA or RAILWAY_GIT_COMMIT_SHA",
    description: 'The build that runs, usually a commit.',
  },
  INSTANCE: {
    ...text,
    default: hostname(),
    otherwise: "the platform's replica, such as DYNO, else the host name",
    description: 'The name of this replica.',
  },
  HOST: { ...text, default: '::', description: 'The address the service listens on.' },
  PORT: {
    ...listeningPort,
    default: '8000',
    description: 'The port the service listens on, once the gate is open.',
  },
  HEALTH_PORT: {
    ...listeningPort,
    default: null,
    description: 'A second port for the health routes alone, open from the first moment.',
  },
  HEALTH_TOKEN: {
    ...secret,
    default: null,
    description: 'The bearer token that shows object names and the database address in /health/schema.',
  },
  HEALTH_DETAILS: {
    ...oneOf('token', 'always'),
    default: 'token',
    otherwise: 'token in production, else always',
    description: 'Who sees object names and the database address: whoever has HEALTH_TOKEN, or everybody.',
  },
  LOG_LEVEL: {
    ...oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    default: 'info',
    description: 'The least important level that is logged.',
  },
  DATABASE_URL: {
    ...databaseUrl,
    default: null,
    otherwise: 'the DB_ keys, else an embedded PostgreSQL outside production',
    description: 'The database of the service.',
  },
  'DATABASE_URL_{TARGET}': {
    ...databaseUrl,
    default: null,
    description:
      'The database for one target, such as DATABASE_URL_DEMO; it beats DATABASE_URL, except on the command line.',
  },
  DB_HOST: {
    ...serverHost,
    default: null,
    description: 'The database server, where no URL is set; needs DB_USER and DB_NAME.',
  },
  DB_PORT: { ...serverPort, default: null, otherwise: '5432', description: 'The port of DB_HOST.' },
  DB_USER: { ...text, default: null, description: 'The user for DB_HOST.' },
  DB_PASSWORD: {
    ...secret,
    default: null,
    description: 'The password of DB_USER, as it is, without encoding.',
  },
  DB_NAME: { ...text, default: null, description: 'The name of the database on DB_HOST.' },
  DATABASE_SSL: {
    ...certificates,
    default: null,
    otherwise: 'what the URL says',
    description: 'How connections are encrypted, and what the certificate of the server is checked against.',
  },
  MIGRATION_DATABASE_URL: {
    ...databaseUrl,
    default: null,
    otherwise: 'the database of the service',
    description: 'The same database for migrating: with another role, or past a pooler.',
  },
  SCRATCH_DATABASE_URL: {
    ...databaseUrl,
    default: null,
    otherwise: 'an embedded PostgreSQL',
    description:
      'An empty database, or a server to create one on, in which migrations are replayed for the snapshot.',
  },
  CONNECT_TIMEOUT: {
    ...duration,
    default: '30s',
    description: 'How long to wait for PostgreSQL when starting.',
  },
  MIGRATIONS_DIR: {
    ...folders,
    default: null,
    otherwise: 'what the knexfile says, else ./migrations',
    description: 'The folder of the migrations; several are separated by commas.',
  },
  KNEXFILE: { ...text, default: null, description: 'The knexfile to take the settings of Knex from.' },
  MIGRATION_TRANSACTION: {
    ...oneOf('batch', 'each'),
    default: 'batch',
    description: 'Whether all pending migrations share one transaction, or each has its own.',
  },
  LOCK_WAIT_TIMEOUT: {
    ...duration,
    default: '10m',
    description: 'How long to wait for another process that migrates.',
  },
  SEED_ON_START: {
    ...yesOrNo,
    default: 'false',
    description: 'Whether to run the seeds after migrating, when the service starts.',
  },
  SEEDS_DIR: { ...text, default: './seeds', description: 'The folder of the seeds.' },
  ON_BEHIND: {
    ...oneOf('migrate', 'refuse', 'warn'),
    default: 'migrate',
    description: 'What to do when the database lacks revisions of this build.',
  },
  ON_DRIFT: {
    ...oneOf('refuse', 'warn'),
    default: 'refuse',
    description:
      'What to do when the catalog differs from the promise in a way that breaks or weakens this build.',
  },
  ON_AHEAD: {
    ...oneOf('judge', 'warn', 'refuse'),
    default: 'judge',
    description:
      'What to do when a newer build migrated the database; `judge` refuses only if that breaks this build.',
  },
  ON_UNVERIFIED: {
    ...oneOf('warn', 'refuse'),
    default: 'warn',
    description: 'What to do when there is no snapshot to verify against.',
  },
  REFUSE_BY: { ...oneOf('exit'), default: 'exit', description: 'How the service refuses to serve.' },
  VERIFY_INTERVAL: {
    ...duration,
    default: '60s',
    description: 'How often the catalog is verified again while the service runs.',
  },
  VERIFY_TIMEOUT: { ...duration, default: '10s', description: 'How long one such verification may take.' },
  VERIFY_IGNORE: {
    ...ignoreRules,
    default: null,
    description: 'Objects that may differ from the promise: what is ignored is counted and shown.',
  },
  VERIFY_COMMENTS: {
    ...yesOrNo,
    default: 'false',
    description: 'Whether comments are compared, too.',
  },
  VERIFY_GRANTS: {
    ...yesOrNo,
    default: 'false',
    description: 'Whether owners, grants and default privileges are compared, too.',
  },
  SHUTDOWN_DELAY: {
    ...duration,
    default: '0s',
    description: 'How long to go on serving as not ready after SIGTERM, until load balancers have noticed.',
  },
  TERMINATION_LOG: {
    ...text,
    default: '/dev/termination-log',
    description: 'The file that gets the reason of a refusal, where it exists; Kubernetes shows it.',
  },
  FLEET_URL: {
    ...httpUrl,
    default: null,
    description: 'The schemagate service that is told which revision this environment is at.',
  },
  FLEET_TOKEN: {
    ...secret,
    default: null,
    description:
      'The bearer token of the fleet: sent with reports to FLEET_URL, and asked of whoever reports to this service.',
  },
} as const satisfies Record<string, Key>
