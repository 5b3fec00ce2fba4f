import { restrictedCatalogQueries } from './queries/foreign-and-replication.sql.js'

/** One system catalog, and what to hash in it so that every change of a fact changes the hash. */
interface HashedCatalog {
  readonly catalog: string
  /** A different number for each row. Default: its oid. */
  readonly key?: string
  /** What each change of a row changes. Default: the transaction that wrote it. */
  readonly rowContent?: string
  /** The alias of the catalog is `x`. Default: all rows. */
  readonly from?: string
}

/** Temporary objects come and go with sessions, and migrations do not promise them. */
const temporarySchemas = `select oid from pg_namespace where nspname ~ '^pg_(toast_)?temp_'`

const outsideTemporarySchemas = (catalog: string, column: string): HashedCatalog => ({
  catalog,
  from: `${catalog} x where ${column} not in (${temporarySchemas})`,
})

const ofPermanentRelations = (catalog: string, column: string, key = 'oid'): HashedCatalog => ({
  catalog,
  key,
  from: `${catalog} x where ${column} not in (select oid from temporary)`,
})

/** Without TOAST tables: REFRESH MATERIALIZED VIEW gives them new oids. */
const joinPermanentRelation = (catalog: string, column: string): string =>
  `${catalog} x join pg_class r on r.oid = x.${column} and r.relpersistence <> 't'
    and r.relnamespace <> 'pg_toast'::regnamespace`

const thisDatabase = '(select oid from pg_database where datname = current_database())'

const hashKey = (columns: string): string => `hash_record_extended(row(${columns}), 0)`

/**
 * The columns of pg_class that can be facts. TRUNCATE, REFRESH MATERIALIZED VIEW, CLUSTER and VACUUM FULL also write its
 * rows, to say where the data is. An ACL is hashed as text, because PostgreSQL's hash of an aclitem is only a sum.
 */
const relationColumns = `relname, relnamespace, reltype, reloftype, relowner, relam, relkind, relpersistence,
  relrowsecurity, relforcerowsecurity, relreplident, relispartition, relispopulated, relpartbound::text, reloptions,
  relacl::text`

/** Catalogs with an oid whose rows only DDL writes. */
const ddlOnlyCatalogs = `
  pg_policy pg_statistic_ext pg_event_trigger pg_publication pg_publication_rel pg_extension
  pg_language pg_am pg_cast pg_conversion pg_collation pg_transform pg_enum pg_operator pg_opclass
  pg_opfamily pg_amop pg_amproc pg_ts_config pg_ts_dict pg_ts_parser pg_ts_template
  pg_foreign_data_wrapper pg_foreign_server pg_default_acl
`
  .trim()
  .split(/\s+/)

const hashedCatalogs: readonly HashedCatalog[] = [
  {
    catalog: 'pg_class',
    rowContent: relationColumns,
    from: `pg_class x where relpersistence <> 't' and relnamespace <> 'pg_toast'::regnamespace`,
  },
  {
    catalog: 'pg_class',
    key: 'hashnameextended(relname, 0)',
    rowContent: 'reloptions',
    from: `pg_class x where relnamespace = 'pg_toast'::regnamespace and reloptions is not null`,
  },
  {
    catalog: 'pg_attribute',
    key: '(attrelid::bigint << 16) | attnum',
    rowContent: 'x.xmin',
    from: `${joinPermanentRelation('pg_attribute', 'attrelid')} where attnum > 0`,
  },
  {
    catalog: 'pg_index',
    key: 'indexrelid',
    rowContent: 'x.xmin',
    from: joinPermanentRelation('pg_index', 'indrelid'),
  },
  { catalog: 'pg_namespace', from: `pg_namespace x where oid not in (${temporarySchemas})` },
  outsideTemporarySchemas('pg_type', 'typnamespace'),
  outsideTemporarySchemas('pg_proc', 'pronamespace'),
  ofPermanentRelations('pg_attrdef', 'adrelid'),
  ofPermanentRelations('pg_constraint', 'conrelid'),
  ofPermanentRelations('pg_sequence', 'seqrelid', 'seqrelid'),
  ofPermanentRelations('pg_rewrite', 'ev_class'),
  ofPermanentRelations('pg_trigger', 'tgrelid'),
  ...ddlOnlyCatalogs.map((catalog) => ({ catalog })),
  { catalog: 'pg_aggregate', key: 'aggfnoid::oid' },
  { catalog: 'pg_range', key: 'rngtypid' },
  { catalog: 'pg_partitioned_table', key: 'partrelid' },
  { catalog: 'pg_foreign_table', key: 'ftrelid' },
  { catalog: 'pg_inherits', key: hashKey('inhrelid, inhparent') },
  { catalog: 'pg_ts_config_map', key: hashKey('mapcfg, maptokentype, mapseqno') },
  {
    catalog: 'pg_description',
    key: hashKey('classoid, objoid, objsubid'),
    from: `pg_description x where objoid >= 16384 or objoid = to_regnamespace('public')`,
  },
  {
    // The members of an extension, which no other catalog has, and the schemas of a publication: 14 has no catalog of them.
    catalog: 'pg_depend',
    key: hashKey('classid, objid, objsubid, refclassid, refobjid'),
    from: `pg_depend x where refclassid in ('pg_extension'::regclass, 'pg_publication'::regclass)`,
  },
  {
    catalog: 'pg_db_role_setting',
    key: hashKey('setdatabase, setrole'),
    from: `pg_db_role_setting x where setdatabase = ${thisDatabase}`,
  },
  {
    catalog: 'pg_shdescription',
    key: 'objoid',
    from: `pg_shdescription x where classoid = 'pg_database'::regclass and objoid = ${thisDatabase}`,
  },
  {
    catalog: 'pg_subscription',
    rowContent: 'subname, subowner',
    from: `pg_subscription x where subdbid = ${thisDatabase}`,
  },
  {
    // Not pg_authid, which only superusers may read. The roles that own something here or have a privilege on it.
    catalog: 'pg_roles',
    rowContent: 'rolname',
    from: `pg_roles x where oid < 16384 or oid in (select refobjid from pg_shdepend
      where refclassid = 'pg_authid'::regclass
        and dbid = ${thisDatabase})`,
  },
]

/**
 * Identifies the database, the start of the server and the epoch of transaction ids. Without them xmin proves nothing: a
 * promoted standby or a restored server reuses the ids of lost transactions, and after 2^32 transactions all ids repeat.
 */
const serverOriginQuery = `select 'origin', 1::bigint, (hash_record_extended(row(oid, datdba, pg_postmaster_start_time(),
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint >> 31), 0))::text
  from pg_database where datname = current_database()`

/**
 * The query for a hash of everything that the catalog queries read: rows of a name, a count and 64 bits. Each committed
 * change by DDL changes some of them. Changes of data do not, nor do VACUUM, ANALYZE, sequences, TRUNCATE, REFRESH and
 * temporary objects. It is much cheaper than reading the catalog: it prints no definitions and sends little. Any role may
 * run it. Needs `canonicalSessionStatements`.
 */
export function catalogHashQuery(): string {
  const parts = [serverOriginQuery, ...hashedCatalogs.map(catalogHashPart), ...restrictedHashParts()]
  return `with temporary as materialized (select oid from pg_class where relpersistence = 't')
    ${parts.join('\n union all ')}`
}

/**
 * Each row has a seed of its own, because otherwise bit_xor() cancels out two rows that change alike. The content is hashed
 * as a record, because a hash function for xid exists only since 18.
 */
function catalogHashPart({
  catalog,
  key = 'oid',
  rowContent = 'xmin',
  from = `${catalog} x`,
}: HashedCatalog): string {
  return `select '${catalog}', count(*), bit_xor(hash_record_extended(row(${rowContent}), (${key})::bigint))::text from ${from}`
}

/** An ordinary role may not read xmin in these catalogs, so the result of the catalog query is hashed. */
function restrictedHashParts(): readonly string[] {
  return restrictedCatalogQueries.map(
    ({ kind, sql }) =>
      `select '${kind}', count(*), bit_xor(hashtextextended(x.*::text, 0))::text from (${sql}) x`,
  )
}
