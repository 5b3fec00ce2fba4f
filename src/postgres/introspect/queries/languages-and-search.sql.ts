import { firingMode, functionNameOf, qualifiedUnlessBuiltIn, sortedList } from './expressions.sql.js'
import { type KindQuery, notOfExtension, userSchema } from './kind-query.js'

export function languageQueries(): readonly KindQuery[] {
  return [language, transform, accessMethod, conversion, eventTrigger]
}

const language: KindQuery = {
  kind: 'language',
  catalog: 'pg_language',
  names: 1,
  sql: `select l.oid, 0, l.lanname, ${functionNameOf('l.lanplcallfoid')} as handler,
      ${functionNameOf('l.laninline')} as inline, ${functionNameOf('l.lanvalidator')} as validator,
      nullif(l.lanpltrusted, false) as trusted
    from pg_language l
    where l.oid >= 16384 and ${notOfExtension('pg_language', 'l.oid')}`,
}

const transform: KindQuery = {
  kind: 'transform',
  catalog: 'pg_transform',
  names: 1,
  sql: `select t.oid, 0, format_type(t.trftype, null) || ' LANGUAGE ' || quote_ident(l.lanname),
      format_type(t.trftype, null) as type, quote_ident(l.lanname) as language,
      nullif(t.trffromsql, 0)::regprocedure::text as "fromSql", nullif(t.trftosql, 0)::regprocedure::text as "toSql"
    from pg_transform t join pg_language l on l.oid = t.trflang
    where t.oid >= 16384 and ${notOfExtension('pg_transform', 't.oid')}`,
}

const accessMethod: KindQuery = {
  kind: 'access_method',
  catalog: 'pg_am',
  names: 1,
  sql: `select m.oid, 0, m.amname, case m.amtype when 'i' then 'index' when 't' then 'table' end as type,
      ${functionNameOf('m.amhandler')} as handler
    from pg_am m
    where m.oid >= 16384 and ${notOfExtension('pg_am', 'm.oid')}`,
}

const conversion: KindQuery = {
  kind: 'conversion',
  catalog: 'pg_conversion',
  names: 2,
  sql: `select c.oid, 0, n.nspname, c.conname, pg_encoding_to_char(c.conforencoding) as source,
      pg_encoding_to_char(c.contoencoding) as target, ${functionNameOf('c.conproc')} as function,
      nullif(c.condefault, false) as default
    from pg_conversion c join pg_namespace n on n.oid = c.connamespace
    where ${userSchema} and ${notOfExtension('pg_conversion', 'c.oid')}`,
}

const eventTrigger: KindQuery = {
  kind: 'event_trigger',
  catalog: 'pg_event_trigger',
  names: 1,
  sql: `select g.oid, 0, g.evtname, g.evtevent as event, ${sortedList('g.evttags')} as tags,
      ${functionNameOf('g.evtfoid')} as function, ${firingMode('g.evtenabled')} as enabled
    from pg_event_trigger g
    where g.oid >= 16384 and ${notOfExtension('pg_event_trigger', 'g.oid')}`,
}

export function collationAndSearchQueries(): readonly KindQuery[] {
  return [collation, ...textSearch]
}

/** 14, 15 and 16, and 17 and later each have the ICU locale in a different column. */
const collation: KindQuery = {
  kind: 'collation',
  catalog: 'pg_collation',
  names: 2,
  sql: `select c.oid, 0, n.nspname, c.collname,
      case c.collprovider when 'i' then 'icu' when 'b' then 'builtin' when 'd' then 'default' end as provider,
      coalesce(r.facts ->> 'colllocale', r.facts ->> 'colliculocale', c.collcollate) as locale,
      case when c.collctype <> c.collcollate then c.collctype end as ctype,
      nullif(c.collisdeterministic, true) as deterministic, r.facts ->> 'collicurules' as rules
    from pg_collation c
      join pg_namespace n on n.oid = c.collnamespace
      cross join lateral (select to_jsonb(c) as facts) r
    where ${userSchema} and ${notOfExtension('pg_collation', 'c.oid')}`,
}

const textSearch: readonly KindQuery[] = [
  {
    kind: 'text_search_parser',
    catalog: 'pg_ts_parser',
    names: 2,
    sql: `select p.oid, 0, n.nspname, p.prsname, ${functionNameOf('p.prsstart')} as start,
        ${functionNameOf('p.prstoken')} as token, ${functionNameOf('p.prsend')} as end,
        ${functionNameOf('p.prslextype')} as types, ${functionNameOf('p.prsheadline')} as headline
      from pg_ts_parser p join pg_namespace n on n.oid = p.prsnamespace
      where ${userSchema} and ${notOfExtension('pg_ts_parser', 'p.oid')}`,
  },
  {
    kind: 'text_search_template',
    catalog: 'pg_ts_template',
    names: 2,
    sql: `select t.oid, 0, n.nspname, t.tmplname, ${functionNameOf('t.tmplinit')} as init,
        ${functionNameOf('t.tmpllexize')} as lexize
      from pg_ts_template t join pg_namespace n on n.oid = t.tmplnamespace
      where ${userSchema} and ${notOfExtension('pg_ts_template', 't.oid')}`,
  },
  {
    kind: 'text_search_dictionary',
    catalog: 'pg_ts_dict',
    names: 2,
    sql: `select d.oid, 0, n.nspname, d.dictname, ${qualifiedUnlessBuiltIn('tn.nspname', 't.tmplname')} as template,
        d.dictinitoption as options
      from pg_ts_dict d
        join pg_namespace n on n.oid = d.dictnamespace
        join pg_ts_template t on t.oid = d.dicttemplate
        join pg_namespace tn on tn.oid = t.tmplnamespace
      where ${userSchema} and ${notOfExtension('pg_ts_dict', 'd.oid')}`,
  },
  {
    kind: 'text_search_configuration',
    catalog: 'pg_ts_config',
    names: 2,
    sql: `select c.oid, 0, n.nspname, c.cfgname, ${qualifiedUnlessBuiltIn('pn.nspname', 'p.prsname')} as parser,
        (select json_agg(m.text order by m.text collate "C") from (
          select quote_ident(y.alias) || ': ' || string_agg(m.mapdict::regdictionary::text, ', ' order by m.mapseqno)
          from pg_ts_config_map m join ts_token_type(c.cfgparser) y on y.tokid = m.maptokentype
          where m.mapcfg = c.oid group by y.alias) m(text)) as mappings
      from pg_ts_config c
        join pg_namespace n on n.oid = c.cfgnamespace
        join pg_ts_parser p on p.oid = c.cfgparser
        join pg_namespace pn on pn.oid = p.prsnamespace
      where ${userSchema} and ${notOfExtension('pg_ts_config', 'c.oid')}`,
  },
]
