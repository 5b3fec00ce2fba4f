/** A folder of src and what its files may import. */
export interface Room {
  /** What is in it, for a reader of ARCHITECTURE.md. */
  readonly purpose: string
  /** Rooms besides itself; `core/*` is every room of the core. A file at the top of src is a room of its own. */
  readonly imports: readonly string[]
  /** Packages, and `node:` for Node's own modules. */
  readonly packages?: readonly string[]
}

const core = 'core/*'
const connection = 'postgres/connection'
const introspect = ['postgres/introspect', 'postgres/introspect/queries']
const session = [core, 'errors', connection, 'project', ...introspect, 'postgres/locks', 'postgres/ledger']
const inspected = [...session, 'postgres/canonicalize', 'postgres/inspect', 'postgres/verify']
const migrating = [...inspected, 'postgres/session', 'postgres/rows', 'postgres/migrate', 'postgres/scratch']
const gate = ['snapshot', 'gate', 'gate/situations', 'workspace.ts', 'config', 'logging']
const ddl = ['ddl', 'ddl/annotations', 'ddl/hazards', 'ddl/kinds', 'ddl/plan', 'ddl/draft']
const building = [...migrating, 'postgres/build', 'postgres/proof']
const comparing = {
  imports: [...building, 'snapshot', 'workspace.ts', 'config', ...ddl],
  packages: ['pg', 'knex', 'node:'],
}
const operation = { imports: [...building, ...gate, ...ddl], packages: ['pg', 'knex', 'node:'] }

/** Who may import whom: the table of ARCHITECTURE.md. */
export const rooms: Readonly<Record<string, Room>> = {
  'core/text': {
    purpose: 'printable and redacted text, numbers and lists, the nearest name, work in steps',
    imports: [],
  },
  'core/model': {
    purpose: 'catalog, diff, patterns, scope, snapshot, and how they are described',
    imports: ['core/text'],
  },
  'core/impact': {
    purpose: 'what a difference means, one file a family of kinds',
    imports: ['core/text', 'core/model'],
  },
  'core/history': {
    purpose: 'position, changed files, ownership, unfinished revisions, and the decision',
    imports: ['core/text', 'core/model', 'core/impact'],
  },
  'core/progress': {
    purpose: 'events, their messages, the activity of a session, the health of a process',
    imports: ['core/text', 'core/model', 'core/impact', 'core/history'],
  },
  'core/typegen': { purpose: 'TypeScript types of tables', imports: ['core/text', 'core/model'] },
  errors: { purpose: 'SchemaError, error codes, exit codes', imports: ['core/text'] },
  config: {
    purpose: 'keys, layers, validation, where a value comes from',
    imports: [core, 'errors'],
    packages: ['node:'],
  },
  project: {
    purpose: 'the knexfile, the migration files, loading them',
    imports: [core, 'errors', 'config'],
    packages: ['knex', 'tsx', 'node:'],
  },
  logging: {
    purpose: 'pino, and the reporter on a terminal',
    imports: [core, 'errors'],
    packages: ['pino', 'node:'],
  },
  ddl: { purpose: 'objects, identifiers, statements, dependencies', imports: [core] },
  'ddl/annotations': { purpose: 'comments, owners, grants', imports: [core, 'ddl'] },
  'ddl/kinds': {
    purpose: 'SQL of one kind of object, one file a kind',
    imports: [core, 'ddl', 'ddl/annotations'],
  },
  'ddl/hazards': {
    purpose: 'what a statement of each form locks, and what else it does to others',
    imports: [core, 'ddl'],
  },
  'ddl/intents': {
    purpose: 'what is to be done with each object, and what that requires of others',
    imports: [core, 'ddl', 'ddl/annotations', 'ddl/kinds'],
  },
  'ddl/plan': {
    purpose: 'from differences to ordered statements',
    imports: [core, 'ddl', 'ddl/annotations', 'ddl/kinds', 'ddl/hazards', 'ddl/intents'],
  },
  'ddl/draft': {
    purpose: 'from statements to a migration in the Knex builder',
    imports: [core, 'ddl', 'ddl/kinds'],
  },
  'postgres/connection': {
    purpose: 'connect, retry, time-outs, watchdog, SQLSTATE',
    imports: ['core/text', 'errors'],
    packages: ['pg', 'node:'],
  },
  'postgres/introspect/queries': { purpose: 'one catalog query a kind', imports: [], packages: ['pg'] },
  'postgres/introspect': {
    purpose: 'read a catalog, or its hash',
    imports: [core, connection, 'postgres/introspect/queries'],
    packages: ['pg', 'node:'],
  },
  'postgres/locks': {
    purpose: 'the advisory lock, who blocks whom, session activity',
    imports: [core, 'errors', connection],
    packages: ['pg', 'node:'],
  },
  'postgres/ledger': {
    purpose: 'what is recorded, and whose database it is',
    imports: [core, 'errors', connection, 'project'],
    packages: ['pg', 'node:'],
  },
  'postgres/canonicalize': {
    purpose: 'let the server print both texts of a definition',
    imports: [core, 'errors', connection, ...introspect, 'postgres/locks'],
    packages: ['pg', 'node:'],
  },
  'postgres/inspect': {
    purpose: 'server, ledgers and catalog in one snapshot',
    imports: session,
    packages: ['pg', 'node:'],
  },
  'postgres/verify': {
    purpose: 'a revision against the snapshot; unfinished revisions',
    imports: [...session, 'postgres/canonicalize', 'postgres/inspect'],
    packages: ['pg', 'node:'],
  },
  'postgres/session': {
    purpose: 'the one connection that holds the lock and migrates',
    imports: inspected,
    packages: ['pg', 'knex', 'node:'],
  },
  'postgres/rows': {
    purpose: 'what migrations promise of their rows, asked where nothing can be written',
    imports: [...inspected, 'postgres/session'],
    packages: ['pg', 'knex'],
  },
  'postgres/migrate': {
    purpose: 'run, retry and revert revisions; seeds',
    imports: [...inspected, 'postgres/session', 'postgres/rows'],
    packages: ['pg', 'knex', 'node:'],
  },
  'postgres/build': {
    purpose: 'build an empty database from the promise',
    imports: [...migrating, 'ddl', 'ddl/plan'],
    packages: ['pg', 'knex', 'node:'],
  },
  'postgres/proof': {
    purpose: 'run a plan in a scratch database before it is shown',
    imports: [
      core,
      'errors',
      connection,
      ...introspect,
      'postgres/locks',
      'postgres/canonicalize',
      'postgres/scratch',
      'ddl',
      'ddl/intents',
      'ddl/plan',
    ],
    packages: ['pg', 'node:'],
  },
  'postgres/backup': {
    purpose: 'pg_dump and pg_restore',
    imports: session,
    packages: ['pg', 'node:'],
  },
  'postgres/observe': {
    purpose: 'what each statement of a session does to others, seen in that session',
    imports: [...inspected, 'postgres/session', 'ddl'],
    packages: ['pg', 'knex', 'node:'],
  },
  'postgres/scratch': {
    purpose: 'throw-away databases',
    imports: [core, 'errors', connection, ...introspect],
    packages: ['pg', 'node:'],
  },
  'postgres/embedded': {
    purpose: 'the PostgreSQL server from npm',
    imports: [core, 'errors', connection],
    packages: ['pg', 'node:'],
  },
  'postgres/configured': {
    purpose: 'the database that is configured: by URL, by the knexfile, or the one from npm',
    imports: [
      core,
      'errors',
      'config',
      'project',
      connection,
      ...introspect,
      'postgres/scratch',
      'postgres/embedded',
    ],
    packages: ['pg', 'node:'],
  },
  'workspace.ts': {
    purpose: 'a project and its database, opened for a command',
    imports: [
      core,
      'errors',
      'config',
      'project',
      connection,
      'postgres/scratch',
      'postgres/configured',
      'postgres/embedded',
    ],
    packages: ['node:'],
  },
  snapshot: {
    purpose: 'read, use and make the snapshot; replay',
    imports: [...building, 'workspace.ts', 'config'],
    packages: ['node:'],
  },
  fleet: {
    purpose: 'the client that reports to a fleet',
    imports: [core, 'errors', 'logging'],
    packages: ['typebox', 'node:'],
  },
  'gate/situations': { purpose: 'the texts of each refusal and warning', imports: [core, 'errors'] },
  'gate/hazards': {
    purpose: 'what pending revisions do to others, told before they are run',
    imports: [...inspected, 'config', 'postgres/session', 'workspace.ts', 'ddl', 'ddl/hazards', 'ddl/plan'],
    packages: ['pg'],
  },
  gate: {
    purpose: '**the story**: assess, migrate, decide; then retry and monitor',
    imports: [
      ...migrating,
      ...gate,
      'gate/hazards',
      'fleet',
      'postgres/backup',
      'postgres/build',
      'operations/models',
    ],
    packages: ['pg', 'node:'],
  },
  'operations/adopt': { purpose: 'give a database another identity', ...operation },
  'operations/apply': { purpose: 'run a confirmed plan step by step', ...operation },
  'operations/backup': {
    ...operation,
    purpose: 'a backup of the configured database, and one that is loaded into it',
    imports: [...operation.imports, 'postgres/backup'],
  },
  'operations/diff': { purpose: 'the two catalogs that are compared', ...comparing },
  'operations/draft': {
    purpose: 'a migration from the difference to a wanted catalog',
    ...operation,
    imports: [...operation.imports, 'operations/diff', 'operations/proof'],
  },
  'operations/export': {
    purpose: 'the schema as SQL for an empty database',
    ...operation,
    imports: [...operation.imports, 'operations/diff', 'operations/proof'],
  },
  'operations/history': { purpose: 'what happened to the revisions of a database', ...operation },
  'operations/init': { purpose: 'a database at head without running its migrations', ...operation },
  'operations/migrate': { purpose: 'the gate as a command, without a port', ...operation },
  'operations/models': {
    ...comparing,
    purpose: 'a database built from models while its schema is developed',
    imports: [...comparing.imports, 'operations/diff', 'operations/proof'],
  },
  'operations/observe': {
    purpose: 'the pending revisions are run in a scratch database, and what their statements do is kept',
    ...operation,
    imports: [...operation.imports, 'postgres/observe'],
  },
  'operations/plan': {
    purpose: 'what the pending revisions would do to a database: hazards, rules, questions to its rows',
    ...operation,
    imports: [...operation.imports, 'operations/observe', 'operations/proof', 'postgres/observe'],
  },
  'operations/proof': { purpose: 'a plan proven with the scratch server of a project', ...comparing },
  'operations/rehearse': {
    purpose: 'revisions run up, down and up again, in a scratch database or in a copy',
    ...operation,
    imports: [...operation.imports, 'operations/observe', 'operations/plan'],
  },
  'operations/repair': {
    ...operation,
    purpose: 'resolve unfinished revisions and invalid indexes',
    imports: [...operation.imports, 'operations/proof'],
  },
  'operations/reset': {
    ...operation,
    purpose: 'a database of development emptied and built again',
    imports: [...operation.imports, 'operations/backup', 'operations/migrate'],
  },
  'operations/rows': {
    purpose: 'what the applied revisions promise of the rows of a database',
    ...operation,
  },
  'operations/stamp': { purpose: 'record revisions that are true', ...operation },
  http: {
    purpose: 'what a library user mounts: the plugin, its routes, the page',
    imports: [core, 'errors', 'gate'],
    packages: ['fastify', 'fastify-plugin', 'node:'],
  },
  service: {
    purpose: 'our own process: server, app, fleet routes and tables',
    imports: [core, 'errors', 'config', 'logging', connection, 'gate', 'http', 'fleet'],
    packages: [
      'fastify',
      '@fastify/env',
      '@fastify/type-provider-typebox',
      'close-with-grace',
      'knex',
      'pg',
      'node:',
    ],
  },
  'cli/commands': {
    purpose: 'one file a verb',
    imports: [...migrating, ...gate, ...ddl, 'operations/*', 'core/typegen', 'cli/commands/rows'],
    packages: ['node:'],
  },
  'cli/commands/plan': {
    purpose: '`plan`: its report and its SQL',
    imports: [...migrating, ...gate, ...ddl, 'operations/*', 'postgres/observe', 'cli/commands'],
    packages: ['node:'],
  },
  'cli/commands/rows': {
    purpose: '`verify --data`: what the revisions say of their rows',
    imports: [core, 'errors', 'postgres/rows'],
  },
  'cli/commands/models': {
    purpose: '`reset`, and whether migrations and models agree',
    imports: [
      ...migrating,
      ...gate,
      'operations/diff',
      'operations/migrate',
      'operations/reset',
      'cli/commands',
    ],
  },
  'cli/commands/rehearse': {
    purpose: '`rehearse`: what came of it as a table, a document and for CI',
    imports: [...migrating, ...gate, 'operations/rehearse', 'cli/commands', 'cli/commands/models'],
  },
  'cli/commands/backup': {
    purpose: '`backup` and `restore`',
    imports: [
      ...migrating,
      ...gate,
      'operations/adopt',
      'operations/backup',
      'operations/rows',
      'cli/commands',
      'cli/commands/rows',
    ],
    packages: ['node:'],
  },
  'cli/commands/export': {
    purpose: '`export`: the schema as SQL',
    imports: [...migrating, ...gate, ...ddl, 'operations/*', 'cli/commands'],
    packages: ['node:'],
  },
  'cli/commands/history': {
    purpose: '`history`: the ledgers for people',
    imports: [...migrating, ...gate, 'operations/history', 'cli/commands'],
    packages: ['node:'],
  },
  cli: {
    purpose: 'arguments, help, the registry, the process',
    imports: [
      core,
      'errors',
      'config',
      'project',
      'logging',
      'cli/commands',
      'cli/commands/backup',
      'cli/commands/export',
      'cli/commands/history',
      'cli/commands/models',
      'cli/commands/plan',
      'cli/commands/rehearse',
      'service',
    ],
    packages: ['node:'],
  },
  'main.ts': {
    purpose: 'the entry of our own service: the command line, and `serve` with the fleet API',
    imports: ['cli', 'service'],
  },
  migrations: {
    purpose: 'what migrations import: changes that cannot hide a failure, under plain Knex as well',
    imports: [],
    packages: ['knex', 'node:'],
  },
  'index.ts': {
    purpose: 'the public API',
    imports: [
      core,
      'errors',
      'config',
      'logging',
      'http',
      'gate',
      'project',
      'snapshot',
      'workspace.ts',
      'operations/*',
      'postgres/scratch',
      ...introspect,
    ],
  },
}
