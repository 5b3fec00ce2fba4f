import { catalogQueries } from './queries/catalog-queries.js'

/** One system catalog, and what tells whether anything in it that can be a fact has changed. */
interface HashedCatalog {
  readonly catalog: string
  /** A number that is another one for each row. Default: its oid. */
  readonly key?: string
  /** What is another one after each change of a row. Default: the transaction that wrote it. */
  readonly rowContent?: string
  /** The alias of the catalog is `x`. Default: all rows. */
  readonly from?: string
}

/** Temporary objects come and go with sessions, and are no part of what is promised. */
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

/** TOAST tables get another oid when a materialized view is refreshed. */
const joinPermanentRelation = (catalog: string, column: string): string =>
  `${catalog} x join pg_class r on r.oid = x.${column} and r.relpersistence <> 't'
    and r.relnamespace <> 'pg_toast'::regnamespace`

const thisDatabase = '(select oid from pg_database where datname = current_database())'

const hashKey = (columns: string): string => `hash_record_extended(row(${columns}), 0)`

/**
 * The columns of pg_class that can be facts. Its rows are written by TRUNCATE, REFRESH MATERIALIZED VIEW, CLUSTER and
 * VACUUM FULL as well, for where the data is. The hash of an ACL itself is a mere sum.
 */
const relationColumns = `relname, relnamespace, reltype, reloftype, relowner, relam, relkind, relpersistence,
  relrowsecurity, relforcerowsecurity, relreplident, relispartition, relispopulated, relpartbound::text, reloptions,
  relacl::text`

/** Catalogs with an oid whose rows are written by nothing but DDL. */
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
    // What no other row says: the members of an extension, and the schemas of a publication, whose catalog 14 lacks.
    catalog: 'pg_depend',
    key: hashKey('classid, objid, objsubid, refclassid, refobjid'),
    from: `pg_depend x where refclassid in ('pg_extension'::regclass, 'pg_publication'::regclass)`,
  },
  {
    catalog: 'pg_subscription',
    rowContent: 'subname, subowner',
    from: `pg_subscription x where subdbid = ${thisDatabase}`,
  },
  {
    // Not everybody may read pg_authid. The roles that something here belongs, or is granted, to.
    catalog: 'pg_roles',
    rowContent: 'rolname',
    from: `pg_roles x where oid < 16384 or oid in (select refobjid from pg_shdepend
      where refclassid = 'pg_authid'::regclass
        and dbid = ${thisDatabase})`,
  },
]

/** Catalogs that not everybody may read, not even who wrote their rows: what is read of them is hashed itself. */
const restrictedCatalogs = ['pg_subscription', 'pg_user_mapping']

/**
 * What xmin cannot say: whether this is the same database of the same server, and started no later. A standby that is
 * promoted, or a server that is restored, gives the numbers of lost transactions to others; and after 2^32
 * transactions all numbers come again.
 */
const serverOriginQuery = `select 'origin', 1::bigint, (hash_record_extended(row(oid, datdba, pg_postmaster_start_time(),
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint >> 31), 0))::text
  from pg_database where datname = current_database()`

/**
 * The query for a hash of everything the catalog queries read: rows of a name, a count and 64 bits. After any committed
 * change by DDL some of them are others; what happens to data leaves them alone, and so do VACUUM, ANALYZE, sequences,
 * TRUNCATE, REFRESH and temporary objects. A fraction of the cost of reading the catalog: the definitions are not
 * printed, and next to nothing is sent. Any role may run it. The session must be canonical.
 */
export function catalogHashQuery(): string {
  const parts = [serverOriginQuery, ...hashedCatalogs.map(catalogHashPart), ...restrictedHashParts()]
  return `with temporary as materialized (select oid from pg_class where relpersistence = 't')
    ${parts.join('\n union all ')}`
}

/**
 * Each row has a seed of its own, because bit_xor of sums cancels out: two rows that change in the same way would.
 * xid has no hash function with a name before 18, but records have.
 */
function catalogHashPart({
  catalog,
  key = 'oid',
  rowContent = 'xmin',
  from = `${catalog} x`,
}: HashedCatalog): string {
  return `select '${catalog}', count(*), bit_xor(hash_record_extended(row(${rowContent}), (${key})::bigint))::text from ${from}`
}

function restrictedHashParts(): readonly string[] {
  return catalogQueries([])
    .filter(({ catalog }) => restrictedCatalogs.includes(catalog))
    .map(
      ({ kind, sql }) =>
        `select '${kind}', count(*), bit_xor(hashtextextended(x.*::text, 0))::text from (${sql}) x`,
    )
}
