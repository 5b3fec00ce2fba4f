import type { Catalog, Facts } from '../../src/core/model/catalog.js'

/**
 * The promised and the live facts of an object, null if it does not exist, and what the difference means; with other objects
 * of the live catalog, of both, and without one of the live catalog.
 */
export type ImpactCase = readonly [
  expected: Facts | null,
  actual: Facts | null,
  verdict: string,
  beside?: { readonly live?: Catalog; readonly both?: Catalog; readonly notLive?: string },
]

const songs = 'table:public.songs'
const key: Catalog = {
  'constraint:public.songs.songs_pkey': { type: 'primary key', definition: 'PRIMARY KEY (id)' },
}
const published: Catalog = { 'publication:cdc': { allTables: true } }
const noUpdates = 'weakens: updates and deletes of a published table without a replica identity fail'
const publishes = 'harmless: changes are published too, and all writes go on as before'
const calls = (name: string, timing = 'AFTER'): Facts => ({
  definition: `CREATE TRIGGER x ${timing} INSERT ON public.songs FOR EACH ROW EXECUTE FUNCTION ${name}('id')`,
})
const writesMore = 'weakens: writes do more than promised'
const forwards = 'harmless: it records or forwards what is written, and does not change it'

const uses = 'breaks: code that uses it fails'
const unused = 'harmless: this build does not use it'
const alone: readonly ImpactCase[] = [
  [{}, null, uses],
  [null, {}, unused],
]
const onlyRead = 'harmless: it is documentation'
const denied = 'breaks: what the role does with it is refused: permission denied'
const allowed = 'weakens: roles may do more with it than promised'
const validated: readonly ImpactCase[] = [
  [{ valid: true }, { valid: false }, 'weakens: existing rows were never checked'],
  [{ valid: false }, { valid: true }, 'harmless: it has been validated since'],
]
const enabling: readonly ImpactCase[] = [
  [{ enabled: 'enabled' }, { enabled: 'disabled' }, 'weakens: it no longer does anything'],
  [{ enabled: 'enabled' }, { enabled: 'replica' }, 'weakens: it acts on replicated changes only'],
  [{ enabled: 'disabled' }, { enabled: 'enabled' }, 'weakens: it acts where it was promised not to'],
]
const typeMeanings = {
  wider: 'harmless: every promised value fits and is returned unchanged',
  text: 'weakens: every promised value fits, but node-postgres returns a string instead of a number',
  decimals: 'weakens: every promised value fits, but is returned with more decimals',
  other: 'breaks: values of the promised type may not fit, or are returned in a different form',
} as const
const typed: readonly ImpactCase[] = (
  [
    ['smallint', 'integer', 'wider'],
    ['real', 'double precision', 'wider'],
    ['bigint', 'numeric', 'wider'],
    ['character varying(80)', 'character varying(81)', 'wider'],
    ['character varying(80)', 'character varying', 'wider'],
    ['character varying(80)[]', 'text[]', 'wider'],
    ['text', 'character varying', 'wider'],
    ['bit varying(3)', 'bit varying(4)', 'wider'],
    ['numeric(5,2)', 'numeric(6,2)', 'wider'],
    ['numeric(5,2)', 'numeric', 'wider'],
    ['numeric(5)', 'numeric(6,0)', 'wider'],
    ['timestamp(3) with time zone', 'timestamp with time zone', 'wider'],
    ['smallint', 'bigint', 'text'],
    ['integer', 'bigint', 'text'],
    ['integer[]', 'bigint[]', 'text'],
    ['integer', 'numeric', 'text'],
    ['numeric(5,2)', 'numeric(6,3)', 'decimals'],
    ['bigint', 'integer', 'other'],
    ['integer', 'numeric(4,0)', 'other'],
    ['numeric(5,2)', 'numeric(5,3)', 'other'],
    ['numeric', 'numeric(5,2)', 'other'],
    ['text', 'character varying(80)', 'other'],
    ['character varying(81)', 'character varying(80)', 'other'],
    ['character varying', 'character varying(80)', 'other'],
    ['character(3)', 'character(4)', 'other'],
    ['timestamp with time zone', 'timestamp without time zone', 'other'],
    ['timestamp(3) with time zone', 'timestamp(2) with time zone', 'other'],
    ['text', 'text[]', 'other'],
    ['text[]', 'character varying', 'other'],
    ['music.mood', 'music."mood (old)"', 'other'],
    ['music."mood (old)"', 'text', 'other'],
  ] as const
).map(([from, to, meaning]) => [{ type: from }, { type: to }, typeMeanings[meaning]])

const otherRows = 'weakens: a role sees, or may write, different rows than promised'
const otherOrder = 'weakens: values are sorted and compared differently'
const required = { nullable: false }
const duplicates = 'weakens: duplicates can be stored, and upserts that rely on it fail'
const refused = 'breaks: rows that this build may write are refused'
const sample = 'slows: queries are planned from a larger or smaller sample'

const nullables: readonly ImpactCase[] = [
  [{ nullable: true }, { nullable: false }, 'breaks: inserts of null fail'],
  [{ nullable: false }, { nullable: true }, 'weakens: nulls can be stored where the code expects none'],
]
const otherDefault = 'weakens: rows inserted without a value get a different one'
const noDefault = 'weakens: rows inserted without a value get null'
const defaults: readonly ImpactCase[] = [
  [{ default: '1' }, {}, noDefault],
  [{ default: '1' }, { default: '2' }, otherDefault],
  [{}, { default: '2' }, otherDefault],
]
const bounds: readonly ImpactCase[] = [
  [{ partition: 'FOR VALUES IN (1)' }, {}, 'breaks: the partitioned table has lost its rows'],
  [{}, { partition: 'FOR VALUES IN (1)' }, 'breaks: rows outside of its bound are refused'],
  [
    { partition: 'FOR VALUES IN (1)' },
    { partition: 'FOR VALUES IN (2)' },
    'breaks: rows of the promised bound may find no partition',
  ],
  [{ parents: ['public.a'] }, {}, 'breaks: queries on the parent do not find its rows'],
  [
    { parents: ['public.a'] },
    { parents: ['public.b'] },
    'breaks: queries on the parent do not find its rows',
  ],
  [{}, { parents: ['public.a'] }, 'weakens: queries on the parent find its rows as well'],
]
const tables: readonly ImpactCase[] = [
  [{}, null, 'breaks: queries on it fail'],
  [{ partition: 'DEFAULT' }, null, 'breaks: rows of its bound find no partition, and queries on it fail'],
  [null, {}, unused],
  [
    null,
    { partition: 'DEFAULT', parents: ['public.songs'] },
    'harmless: rows of its bound are stored in it and found as before',
  ],
  [null, { parents: ['public.songs'] }, 'weakens: queries on the parent find its rows as well'],
  [
    null,
    { parents: ['public.songs'] },
    'harmless: the extension keeps rows of the parent in it',
    { notLive: 'schema:public' },
  ],
  ...bounds,
]
const privileges: readonly ImpactCase[] = [
  [{}, { grants: ['app: SELECT'] }, allowed],
  [{ grants: ['app: SELECT'] }, {}, denied],
  [{ grants: ['app: SELECT'] }, { grants: ['app: INSERT, SELECT'] }, allowed],
  [{ grants: ['app: INSERT, SELECT'] }, { grants: ['app: SELECT, UPDATE'] }, denied],
  [{ grants: ['app: SELECT'] }, { grants: ['app: ALL'] }, allowed],
  [{ grants: ['app: ALL'] }, { grants: ['app: SELECT'] }, denied],
  [{ grants: ['app: SELECT*'] }, { grants: ['app: SELECT'] }, denied],
  [{ grants: ['app: SELECT'] }, { grants: ['app: SELECT*'] }, allowed],
  [{ grants: ['app: SELECT*'] }, { grants: ['app: ALL'] }, denied],
  [{ grants: ['app: SELECT*'] }, { grants: ['app: ALL*'] }, allowed],
  [{ grants: ['"a: b": SELECT'] }, { grants: ['"a: c": SELECT'] }, denied],
  [{}, { grants: ['PUBLIC: none'] }, denied],
  [{ grants: ['PUBLIC: none'] }, {}, allowed],
  [{}, { grants: ['OWNER: SELECT'] }, denied],
  [{ grants: ['OWNER: SELECT'] }, {}, allowed],
  [{ columnGrants: ['title: app: SELECT'] }, { columnGrants: ['id: app: SELECT'] }, denied],
  [
    { owner: 'app' },
    {},
    'weakens: another role may change and drop it, and policies do not apply to that role',
  ],
]
const notes: readonly ImpactCase[] = [
  [{}, { comment: 'a' }, onlyRead],
  [{ columnComments: ['a: b'] }, {}, onlyRead],
]

/** The cases of each kind. Types are written as `format_type` prints them; all tables and views are promised. */
export const impactCases: Readonly<Record<string, readonly ImpactCase[]>> = {
  schema: [...alone, ...privileges],
  extension: [
    ...alone,
    [
      { schema: 'a' },
      { schema: 'b' },
      'harmless: it is the same extension, and what uses it is compared where it is',
    ],
  ],
  table: [
    ...tables,
    ...notes,
    [{ rowSecurity: false }, { rowSecurity: true }, 'breaks: rows disappear for roles without a policy'],
    [{ rowSecurity: true }, { rowSecurity: false }, 'weakens: rows that policies hid are visible'],
    [
      { forceRowSecurity: false },
      { forceRowSecurity: true },
      'breaks: rows disappear for the owner of the table',
    ],
    [
      { forceRowSecurity: true },
      { forceRowSecurity: false },
      'weakens: policies do not apply to the owner of the table',
    ],
    [{}, { unlogged: true }, 'weakens: its rows are lost in a crash, and replicas have none'],
    [{ unlogged: true }, {}, 'slows: writes go to the write-ahead log too'],
    [
      { partitionedBy: 'LIST (a)' },
      {},
      'breaks: code that adds or drops partitions fails, and queries read all rows',
    ],
    [{}, { partitionedBy: 'LIST (a)' }, 'breaks: rows may find no partition'],
    [{}, { ofType: 'public.pair' }, 'harmless: its columns are the same, and are compared on their own'],
    [{ options: ['fillfactor=50'] }, {}, 'slows: space, vacuum or planning follow different parameters'],
    [
      {},
      { replicaIdentity: 'nothing' },
      'breaks: updates and deletes fail while a publication has the table',
      { live: published },
    ],
    [{}, { replicaIdentity: 'nothing' }, 'harmless: nobody is told of old rows'],
    [
      {},
      { replicaIdentity: 'full' },
      'slows: the write-ahead log has the whole old row, and subscribers search by it',
    ],
    [
      { replicaIdentity: 'full' },
      {},
      'weakens: subscribers get different columns of old rows; without a key, updates of a published table fail',
      { live: published },
    ],
    [{}, { accessMethod: 'rows' }, 'weakens: what its storage can do, and how fast, differs'],
    [
      { rowSecurity: true, comment: 'a' },
      { rowSecurity: false, unlogged: true, options: ['fillfactor=50'] },
      'weakens: rows that policies hid are visible',
    ],
  ],
  foreign_table: [
    ...tables,
    [{ server: 'a' }, { server: 'b' }, 'breaks: its rows come from a different server'],
    [{}, { options: ['table_name=b'] }, 'breaks: its rows come from a different place'],
  ],
  column: [
    ...typed,
    ...nullables,
    ...defaults,
    ...validated,
    [{}, null, 'breaks: queries that name it fail'],
    [{ notNullName: 'a' }, {}, 'harmless: only statements that name the constraint do not find it'],
    [
      { identity: 'always' },
      { identity: 'always', identitySequence: 'a' },
      'weakens: statements that name its sequence, such as setval, do not find it or change a different one',
    ],
    [
      { identity: 'always' },
      { identity: 'always', identityUnlogged: true },
      'weakens: after a crash it generates the same numbers again',
    ],
    [{ identityUnlogged: true }, { identityUnlogged: false }, 'harmless: it survives a crash'],
    [null, { nullable: true }, 'harmless: inserts may omit it'],
    [null, required, 'breaks: inserts that omit it fail'],
    [null, { ...required, default: '0' }, 'harmless: inserts may omit it'],
    [null, { ...required, identity: 'always' }, 'harmless: inserts may omit it'],
    [null, { ...required, generated: 'stored: 1' }, 'harmless: inserts may omit it'],
    [{ ...required, default: '1' }, required, 'breaks: inserts that omit it fail'],
    [required, { ...required, default: '1' }, 'harmless: inserts always give a value'],
    [
      { ...required, default: `nextval('s')` },
      { ...required, identity: 'by default' },
      'harmless: the value is generated either way',
    ],
    [
      { ...required, identity: 'by default' },
      { ...required, default: `nextval('s')` },
      'harmless: the value is generated either way',
    ],
    [
      { ...required, default: '1' },
      { ...required, identity: 'always' },
      'breaks: inserts and updates that give a value fail',
    ],
    [
      { identity: 'by default' },
      { identity: 'always' },
      'breaks: inserts and updates that give a value fail',
    ],
    [
      { identity: 'always' },
      { identity: 'by default' },
      'weakens: inserts can store values that the sequence generates later',
    ],
    [
      {},
      { identity: 'by default' },
      'harmless: inserts that give a value still work, and others get a generated one',
    ],
    [{ identity: 'always' }, {}, 'breaks: inserts that omit it fail'],
    [{ identityOptions: ['increment 2'] }, {}, 'weakens: it generates different numbers than promised'],
    [{}, { generated: 'stored: a' }, 'breaks: inserts and updates that give a value fail'],
    [{ generated: 'stored: a' }, {}, 'breaks: its value is no longer computed'],
    [
      { generated: 'stored: a' },
      { generated: 'virtual: a' },
      'slows: it is computed at a different time, and a virtual column cannot be indexed',
    ],
    [
      { generated: 'stored: a' },
      { generated: 'stored: b' },
      'weakens: its values differ from the promised ones',
    ],
    [{}, { notNullNoInherit: true }, 'weakens: child tables may store nulls'],
    [{ notNullNoInherit: true }, {}, 'breaks: inserts of null into child tables fail'],
    [{}, { collation: 'pg_catalog."C"' }, otherOrder],
    [{}, { storage: 'external' }, 'harmless: only the storage of long values differs'],
    [{}, { compression: 'lz4' }, 'harmless: only the storage of long values differs'],
    [{ statistics: 100 }, { statistics: 0 }, sample],
    [
      {},
      { options: ['n_distinct=5'] },
      'slows: queries are planned with different estimates of distinct values',
    ],
    [{}, { fdwOptions: ['column_name=b'] }, 'breaks: it maps to a different column of the foreign server'],
  ],
  constraint: [
    [
      {},
      { checkTriggers: 'disabled' },
      'weakens: rows that it forbids can be stored: its triggers on this table are off',
    ],
    [
      {},
      { checkTriggers: 'replica' },
      'weakens: rows that it forbids can be stored: its triggers on this table are off',
    ],
    [{ checkTriggers: 'disabled' }, {}, 'breaks: rows that this build may write are refused'],
    [
      { checkTriggers: 'always' },
      {},
      'harmless: only whether replicated changes are checked as well differs',
    ],
    [
      {},
      { actionTriggers: 'disabled' },
      'weakens: rows that others refer to can be deleted, and nothing is cascaded: its triggers on the referenced table are off',
    ],
    ...validated,
    [{ type: 'check' }, null, 'weakens: rows that it forbids can be stored'],
    [{ type: 'exclude' }, null, 'weakens: rows that it forbids can be stored'],
    [{ type: 'unique' }, null, duplicates],
    [{ type: 'primary key' }, null, duplicates],
    [
      { type: 'foreign key' },
      null,
      'weakens: rows that refer to nothing can be stored, and nothing is cascaded',
    ],
    [{ type: 'check', enforced: false }, null, 'harmless: it enforced nothing'],
    [null, { type: 'check' }, refused],
    [null, { type: 'foreign key' }, refused],
    [null, { type: 'unique' }, `${refused} as duplicates`],
    [null, { type: 'check', enforced: false }, 'harmless: it enforces nothing'],
    [{ type: 'check' }, { type: 'unique' }, 'breaks: it refuses different rows than promised'],
    [
      { definition: 'CHECK (a)' },
      { definition: 'CHECK (b)' },
      'breaks: it refuses different rows than promised',
    ],
    [
      { definition: 'CHECK (a)' },
      { definition: 'CHECK (a) NOT ENFORCED' },
      'harmless: whether it is enforced is compared on its own',
    ],
    [
      { definition: 'CHECK (a)' },
      { definition: 'CHECK (a) NOT ENFORCED', enforced: false },
      'weakens: rows that it forbids can be stored',
    ],
    [{ definition: 'CHECK (a) NOT ENFORCED', enforced: false }, { definition: 'CHECK (a)' }, refused],
    [
      {},
      { parent: 'public.a.b' },
      'harmless: it forbids the same rows, alone or as part of the constraint of the partitioned table',
    ],
    [{}, { options: ['fillfactor=50'] }, 'slows: its size or its maintenance differs'],
    [{}, { clustered: true }, 'harmless: only the order in which CLUSTER writes the table differs'],
    [{}, { indexComment: 'a' }, onlyRead],
  ],
  index: [
    [{ unique: false }, null, 'slows: queries that need it scan the table'],
    [{ unique: true }, null, duplicates],
    [null, { unique: false }, unused],
    [null, { unique: true }, `${refused} as duplicates`],
    ...(
      [
        [true, 'harmless: it refuses no row that is not refused anyway'],
        [false, `${refused} as duplicates`],
      ] as const
    ).map(([valid, verdict]): ImpactCase => [
      null,
      { unique: true, valid, definition: 'CREATE UNIQUE INDEX i ON public.songs USING btree (id)' },
      verdict,
      { both: key },
    ]),
    [
      { definition: 'a', unique: false },
      { definition: 'b', unique: false },
      'slows: queries may not be able to use it',
    ],
    [
      { definition: 'a', unique: true },
      { definition: 'b', unique: true },
      'breaks: it refuses different rows as duplicates than promised',
    ],
    [{ definition: 'a', unique: false }, { definition: 'b', unique: true }, `${refused} as duplicates`],
    [{ definition: 'a', unique: true }, { definition: 'b', unique: false }, duplicates],
    [{ valid: true, unique: false }, { valid: false, unique: false }, 'slows: queries do not use it'],
    [
      { valid: true, unique: true },
      { valid: false, unique: true },
      'weakens: existing rows may be duplicates, upserts that rely on it fail, and queries do not use it',
    ],
    [{ valid: false }, { valid: true }, 'harmless: it has been built since'],
    [
      {},
      { parent: 'public.i' },
      'slows: it became part of the index of the partitioned table, or no longer is',
    ],
    [{}, { clustered: true }, 'harmless: only the order in which CLUSTER writes the table differs'],
    [{}, { statistics: ['1: 50'] }, sample],
  ],
  trigger: [
    [{}, { onPartitions: ['public.a: disabled'] }, 'weakens: it acts differently on rows of some partitions'],
    ...enabling,
    [{}, null, 'weakens: what it does on writes no longer happens'],
    [null, {}, writesMore],
    [null, calls('repack.repack_trigger'), forwards],
    [null, calls('repack.repack_trigger'), forwards, { live: { 'function:repack.repack_trigger()': {} } }],
    [null, calls('"_Our".logtrigger'), forwards, { live: { 'function:"_Our".logtrigger()': {} } }],
    [null, calls('hdb_catalog."notify_hasura_a"'), forwards],
    [null, calls('repack.repack_trigger', 'BEFORE'), writesMore],
    [null, calls('public.touch'), writesMore, { live: { 'function:public.touch()': {} } }],
    [null, calls('audit.log'), writesMore, { both: { 'schema:audit': {}, 'function:audit.log()': {} } }],
    [null, calls('audit.log'), forwards, { live: { 'schema:audit': {}, 'function:audit.log()': {} } }],
    [null, calls("a.b(' EXECUTE FUNCTION audit.log()'"), writesMore, { live: { 'function:a.b()': {} } }],
    [{ definition: 'a' }, { definition: 'b' }, 'weakens: writes do something other than promised'],
  ],
  rule: [
    ...enabling,
    [{}, null, 'weakens: what it does in addition to statements, or instead of them, no longer happens'],
    [null, {}, 'weakens: statements do more than promised, or something else'],
    [{ definition: 'a' }, { definition: 'b' }, 'weakens: statements do something other than promised'],
  ],
  policy: [
    [{}, null, otherRows],
    [null, { permissive: true }, otherRows],
    [null, { permissive: false }, 'breaks: rows that it does not accept disappear or are refused'],
    [{ using: 'a', roles: ['public'] }, { using: 'b', withCheck: 'c', roles: ['app'] }, otherRows],
    [{ command: 'all', permissive: true }, { command: 'select', permissive: false }, otherRows],
    [
      null,
      { permissive: false },
      'harmless: policies do nothing while row security of the table is off',
      { both: { [songs]: { rowSecurity: false } } },
    ],
    [null, { permissive: true }, otherRows, { live: { [songs]: { rowSecurity: true } } }],
  ],
  statistics: [
    [{}, null, 'slows: queries are planned as if its columns were independent'],
    [null, {}, unused],
    [
      { definition: 'a' },
      { definition: 'b' },
      'slows: queries are planned with different knowledge of its columns',
    ],
    [{}, { target: 9 }, sample],
  ],
  view: [
    [{}, null, 'breaks: queries on it fail'],
    [null, {}, unused],
    [{ definition: 'a' }, { definition: 'b' }, 'weakens: it shows different rows or values than promised'],
    [
      { definition: 'a', columns: ['id integer'] },
      { definition: 'b', columns: ['id integer', 'title text'] },
      'harmless: queries may omit the others',
    ],
    [
      { columns: ['a text', 'b text'] },
      { columns: ['b text', 'a text'] },
      'harmless: queries may omit the others',
    ],
    [
      { columns: ['id integer', '"the title" character varying(9)'] },
      { columns: ['id bigint', '"the title" text'] },
      'weakens: every promised value fits, but may be returned in a different form',
    ],
    [
      { columns: ['a text', 'b text'] },
      { columns: ['a text'] },
      'breaks: a promised column is gone or has a different type',
    ],
    [
      { columns: ['a text'] },
      { columns: ['a integer'] },
      'breaks: a promised column is gone or has a different type',
    ],
    [{ defaults: ['a 1'] }, {}, noDefault],
    [{ defaults: ['a 1'] }, { defaults: ['a 2'] }, otherDefault],
    [
      {},
      { options: ['security_invoker=true'] },
      'breaks: its users need privileges on its tables: permission denied',
    ],
    [{}, { options: ['check_option=local'] }, 'breaks: writing rows that the view would not show is refused'],
    [
      { options: ['check_option=cascaded', 'security_invoker=true'] },
      { options: ['check_option=local'] },
      'weakens: who may read or write which rows through it is decided differently',
    ],
  ],
  materialized_view: [
    [{}, null, 'breaks: queries on it fail'],
    [null, {}, unused],
    [{ definition: 'a' }, { definition: 'b' }, 'weakens: it shows different rows or values than promised'],
    [
      { definition: 'a', columns: ['id integer'] },
      { definition: 'b', columns: ['id bigint'] },
      'weakens: every promised value fits, but may be returned in a different form',
    ],
    [{ columns: ['a text'] }, { columns: ['b text', 'a text'] }, 'harmless: queries may omit the others'],
    [{ columns: ['a text'] }, {}, 'breaks: a promised column is gone or has a different type'],
    [
      { definition: 'a', columns: ['a text'] },
      { definition: 'b', columns: ['a text', 'b text'] },
      'harmless: queries may omit the others',
    ],
    [{}, { options: ['fillfactor=50'] }, 'slows: space, vacuum or planning follow different parameters'],
    [{}, { columnSettings: ['a: statistics 9'] }, 'slows: its columns are stored or sampled differently'],
    [{ accessMethod: 'rows' }, {}, 'weakens: what its storage can do, and how fast, differs'],
    [{}, { populated: false }, 'breaks: queries on it fail until it is refreshed'],
    [{ populated: false }, {}, 'harmless: it has been refreshed since'],
  ],
  sequence: [
    [{}, null, 'breaks: defaults that use it fail'],
    [null, {}, unused],
    [{ type: 'integer' }, { type: 'bigint' }, 'harmless: its bounds are compared on their own'],
    [{ start: '1' }, { start: '2' }, 'harmless: only a restart uses it'],
    [{ increment: '1' }, { increment: '2' }, 'weakens: it generates different values than promised'],
    [{ min: '1' }, { min: '0' }, 'weakens: it generates different values than promised'],
    [
      { max: '9223372036854775807' },
      { max: '9223372036854775806' },
      'weakens: it ends earlier, and inserts fail from there on',
    ],
    [{ max: '9' }, { max: '10' }, 'harmless: it continues beyond its promised end'],
    [{ cache: '1' }, { cache: '5' }, 'harmless: only how many numbers a session reserves differs'],
    [{ cycle: false }, { cycle: true }, 'weakens: it generates the same numbers again'],
    [{ cycle: true }, { cycle: false }, 'weakens: inserts fail at its end'],
    [{}, { unlogged: true }, 'weakens: after a crash it generates the same numbers again'],
    [{ unlogged: true }, {}, 'harmless: it survives a crash'],
    [{}, { ownedBy: 'public.a.b' }, 'harmless: only the column it is dropped with differs'],
  ],
  function: [
    ...alone,
    [
      { definition: 'a' },
      { definition: 'b' },
      'breaks: it may take, return or do something other than promised',
    ],
  ],
  procedure: [
    ...alone,
    [
      { definition: 'a' },
      { definition: 'b' },
      'breaks: it may take, return or do something other than promised',
    ],
  ],
  aggregate: [
    ...alone,
    [{ arguments: 'integer' }, { arguments: 'a integer' }, 'breaks: it must be called differently'],
    [{ returns: 'integer' }, { returns: 'bigint' }, 'breaks: its value is returned in a different form'],
    [
      { initial: '0', combine: 'a' },
      { initial: '1' },
      'weakens: it computes a different value than promised',
    ],
    [{ parallel: 'safe' }, {}, 'slows: different plans can use it'],
  ],
  enum: [
    ...alone,
    [{ labels: ['sad', 'ok'] }, { labels: ['sad', 'glad', 'ok'] }, 'harmless: every promised label exists'],
    [
      { labels: ['sad', 'ok'] },
      { labels: ['ok', 'sad', 'glad'] },
      'weakens: every promised label exists, but they sort differently',
    ],
    [
      { labels: ['sad', 'ok'] },
      { labels: ['sad', 'glad'] },
      'breaks: storing or querying a promised label fails',
    ],
  ],
  domain: [
    ...alone,
    ...typed,
    ...nullables,
    ...defaults,
    [{}, { collation: 'pg_catalog."C"' }, otherOrder],
    [{ constraints: ['a', 'b'] }, { constraints: ['b'] }, 'weakens: values that it forbids can be stored'],
    [{ constraints: ['a'] }, { constraints: ['b'] }, 'breaks: values that this build may write are refused'],
    [{}, { constraintComments: ['a: b'] }, onlyRead],
  ],
  composite: [
    ...alone,
    [
      { attributes: ['a text'] },
      { attributes: ['a text', 'b text'] },
      'breaks: values have different attributes than promised',
    ],
  ],
  range: [
    ...alone,
    [
      { subtype: 'integer' },
      { subtype: 'bigint' },
      'breaks: bounds of the promised type may not fit, or are returned in a different form',
    ],
    [{ operatorClass: 'a' }, { collation: 'b' }, otherOrder],
    [{}, { canonical: 'a' }, 'weakens: equal ranges count as different, or different ones as equal'],
    [{}, { subtypeDiff: 'a' }, 'slows: indexes on it are built from different distances'],
    [{}, { multirange: 'a' }, 'breaks: its multirange type has a different name'],
  ],
  base_type: [
    ...alone,
    [{ shell: true }, {}, 'breaks: it is defined on one side only'],
    [{ output: 'a' }, { output: 'b' }, 'breaks: values are read or written in a different form'],
    [{ length: 4 }, {}, 'breaks: stored values are misread'],
    [{ storage: 'main' }, {}, 'harmless: only the storage of long values differs'],
    [{ category: 'S', analyze: 'a' }, {}, 'weakens: PostgreSQL may choose different functions and casts'],
  ],
  collation: [
    ...alone,
    [{ locale: 'C' }, { locale: 'POSIX' }, otherOrder],
    [{}, { ctype: 'C' }, 'weakens: letters and their case are classified differently'],
    [
      {},
      { deterministic: false },
      'weakens: different texts count as equal, in unique keys too, and LIKE may fail',
    ],
  ],
  operator: [
    [{}, null, 'breaks: queries with it fail'],
    [null, {}, unused],
    [
      { function: 'a' },
      { function: 'b', hashes: true },
      'weakens: it computes a different value than promised',
    ],
    [{ negator: 'a' }, {}, 'slows: queries with it are planned differently'],
  ],
  operator_family: [
    [{}, null, 'slows: comparisons across its types cannot use an index'],
    [null, {}, unused],
    [{ members: ['a'] }, { members: ['a', 'b'] }, 'harmless: more comparisons can use an index'],
    [{ members: ['a', 'b'] }, { members: ['a'] }, 'slows: comparisons can no longer use an index'],
  ],
  operator_class: [
    [{}, null, 'slows: indexes with it cannot be built'],
    [{ default: true }, null, 'breaks: values of the type cannot be ordered, grouped or indexed'],
    [null, {}, unused],
    [{}, { default: true }, 'weakens: order and equality in indexes differ'],
    [{ default: true }, {}, 'breaks: values of the type cannot be ordered, grouped or indexed'],
    [{ operators: ['a'] }, { operators: ['b'] }, 'weakens: order and equality in indexes differ'],
    [{ type: 'integer' }, { type: 'bigint' }, 'breaks: it applies to different values'],
  ],
  cast: [
    [{}, null, 'breaks: converting the one type to the other fails'],
    [null, {}, unused],
    [
      null,
      { context: 'implicit' },
      'weakens: PostgreSQL may choose different functions and operators, or find too many',
    ],
    [
      { context: 'implicit' },
      { context: 'assignment' },
      'breaks: statements that rely on the implicit conversion fail',
    ],
    [{ context: 'assignment' }, {}, 'breaks: statements that rely on the implicit conversion fail'],
    [
      { context: 'assignment' },
      { context: 'implicit' },
      'weakens: PostgreSQL may choose different functions and operators, or find too many',
    ],
    [
      { method: 'function', function: 'a' },
      { method: 'inout' },
      'weakens: it computes a different value than promised',
    ],
  ],
  conversion: [
    ...alone,
    [{ default: true }, null, 'breaks: clients of one encoding cannot be served in the other'],
    [{ function: 'a' }, { function: 'b' }, 'weakens: it produces different text'],
  ],
  text_search_parser: [
    ...alone,
    [
      { token: 'a' },
      { token: 'b' },
      'weakens: searches find different rows, and stored vectors no longer match',
    ],
    [{ headline: 'a' }, {}, 'weakens: headlines are built differently'],
  ],
  text_search_template: [
    ...alone,
    [
      { lexize: 'a' },
      { lexize: 'b' },
      'weakens: searches find different rows, and stored vectors no longer match',
    ],
  ],
  text_search_dictionary: [
    ...alone,
    [{}, { options: 'a' }, 'weakens: searches find different rows, and stored vectors no longer match'],
  ],
  text_search_configuration: [
    ...alone,
    [
      { mappings: ['a'] },
      { mappings: ['b'] },
      'weakens: searches find different rows, and stored vectors no longer match',
    ],
  ],
  language: [
    [{}, null, 'breaks: functions in it cannot be created'],
    [null, {}, unused],
    [{ handler: 'a' }, { handler: 'b' }, 'breaks: functions in it are run by a different handler'],
    [{}, { trusted: true }, 'weakens: every role may write functions in it'],
    [{ trusted: true }, {}, 'breaks: only superusers may write functions in it'],
  ],
  transform: [
    [{}, null, 'breaks: functions get and return the value in a different form'],
    [null, {}, 'weakens: functions that use it get and return the value in a different form'],
    [{ fromSql: 'a' }, { fromSql: 'b' }, 'breaks: functions get the value in a different form'],
  ],
  access_method: [
    [{}, null, 'breaks: tables or indexes cannot be created with it'],
    [null, {}, unused],
    [{ handler: 'a' }, { handler: 'b' }, 'weakens: what it can do, and how fast, differs'],
  ],
  event_trigger: [
    ...enabling,
    [{}, null, 'weakens: what it does or forbids when the schema changes no longer happens'],
    [
      null,
      { event: 'sql_drop' },
      'harmless: it acts on changes of the schema, which are verified, and not on requests',
    ],
    [null, { event: 'login' }, 'weakens: connections do more than promised, or are refused'],
    [{ tags: ['DROP TABLE'] }, {}, 'weakens: it fires for different statements'],
  ],
  foreign_data_wrapper: [
    [{}, null, 'breaks: foreign tables of its servers fail'],
    [null, {}, unused],
    [{}, { options: ['debug=true'] }, 'breaks: rows come from a different place, or not at all'],
    [{}, { validator: 'a' }, 'weakens: wrong options are accepted, or correct ones are refused'],
  ],
  server: [
    [{}, null, 'breaks: its foreign tables fail'],
    [null, {}, unused],
    [{ wrapper: 'a' }, { wrapper: 'b' }, 'breaks: rows come from a different place, or not at all'],
  ],
  user_mapping: [
    [{}, null, 'breaks: foreign tables of the server fail for the user'],
    [
      {},
      null,
      'harmless: roles have other names here: the mapping of another one is in its place',
      { live: { 'user_mapping:public.app': {} } },
    ],
    [null, {}, 'harmless: the user reaches the foreign server too'],
    [
      { options: ['user=a'] },
      { options: ['user=b'] },
      'breaks: the user is a different one on the foreign server, or is refused',
    ],
    ...(
      [
        [{ options: ['user=a'] }, { options: '(not readable)' }],
        [{ options: '(not readable)' }, {}],
      ] as const
    ).map(
      ([expected, actual]) =>
        [
          expected,
          actual,
          'harmless: only the user, the owner of the server and superusers see them: not compared',
        ] as const,
    ),
  ],
  publication: [
    [{}, null, 'weakens: subscribers miss changes'],
    [null, {}, publishes],
    [null, { allTables: true }, noUpdates],
    [null, { allTables: true }, publishes, { both: key }],
    [null, { allTables: true, publish: ['insert', 'truncate'] }, publishes],
    [null, { schemas: ['public'] }, noUpdates],
    [null, { schemas: ['other'] }, publishes],
    [null, { tables: ['public.songs'] }, noUpdates],
    [null, { tables: ['public.others'] }, publishes],
    [null, { tables: ['public.songs (id, title)'] }, publishes, { both: key }],
    [null, { tables: ['public.songs (title)'] }, noUpdates, { both: key }],
    [null, { tables: ['public.songs WHERE (id > 0)'] }, noUpdates, { both: key }],
    [null, { tables: ['public.songs'] }, publishes, { both: { [songs]: { replicaIdentity: 'full' } } }],
    [
      null,
      { tables: ['public.songs'] },
      noUpdates,
      { both: { ...key, [songs]: { replicaIdentity: 'nothing' } } },
    ],
    [
      null,
      { tables: ['public.songs'] },
      publishes,
      { both: { [songs]: { replicaIdentity: 'using index i' } } },
    ],
    [null, { tables: ['public.songs'] }, publishes, { both: { [songs]: { unlogged: true } } }],
    [{}, { allTables: true }, 'weakens: subscribers get changes that are not meant for them'],
    [{ allTables: true }, { tables: ['a'] }, 'weakens: subscribers miss changes'],
    [
      { tables: ['a'] },
      { tables: ['a', 'b'] },
      'weakens: subscribers get changes that are not meant for them',
    ],
    [{ tables: ['a'] }, { tables: ['a WHERE (b)'] }, 'weakens: subscribers miss changes'],
    [{ schemas: ['a'] }, {}, 'weakens: subscribers miss changes'],
    [{}, { schemas: ['a'] }, 'weakens: subscribers get changes that are not meant for them'],
    [{ publish: ['insert'] }, {}, 'weakens: subscribers get changes that are not meant for them'],
    [{}, { publish: ['insert'] }, 'weakens: subscribers miss changes, or get different ones'],
  ],
  subscription: [
    [{}, null, 'weakens: changes of the publisher no longer arrive'],
    [null, {}, 'weakens: changes of a publisher are written to tables of this database'],
    [{}, { enabled: false }, 'weakens: changes of the publisher no longer arrive'],
    [{ enabled: false }, {}, 'weakens: changes of the publisher arrive where none were promised'],
    [{ publications: ['a'] }, { publications: ['b'] }, 'weakens: changes of the publisher no longer arrive'],
    [
      { publications: ['a'] },
      { publications: ['a', 'b'] },
      'weakens: changes of other publications are written to tables of this database',
    ],
    [{}, { streaming: 'on' }, 'slows: changes arrive earlier or later'],
  ],
  default_privileges: [
    [{}, null, 'weakens: new objects get different grants than promised'],
    [null, {}, 'weakens: new objects get different grants than promised'],
    [
      { grants: ['app: SELECT'] },
      { grants: ['app: INSERT'] },
      'weakens: new objects get different grants than promised',
    ],
  ],
  database_comment: [
    [{ value: 'a' }, null, 'harmless: it is documentation'],
    [null, { value: 'a' }, 'harmless: it is documentation'],
    [{ value: 'a' }, { value: 'b' }, 'harmless: it is documentation'],
  ],
  database_setting: [
    [{ value: 'a' }, null, 'weakens: sessions run without a setting that was promised'],
    [null, { value: 'a' }, 'harmless: nobody promised that it is not set'],
    [{ value: 'a' }, { value: 'b' }, 'weakens: sessions run with a different setting than promised'],
  ],
  role_setting: [
    [{ value: 'a' }, null, 'weakens: sessions run without a setting that was promised'],
    [null, { value: 'a' }, 'harmless: nobody promised that it is not set'],
    [{ value: 'a' }, { value: 'b' }, 'weakens: sessions run with a different setting than promised'],
  ],
  color: [
    [{}, null, 'breaks: nothing is known about this kind of object'],
    [null, {}, 'breaks: nothing is known about this kind of object'],
    [{ a: 1 }, { a: 2 }, 'breaks: nothing is known about this kind of object'],
  ],
}
