import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Catalog, Facts } from '../../src/core/model/catalog.js'

/** What major versions print in different words, or print anew in others, in statements that all of them know. */
export const schema = `
  revoke create on schema public from public;
  create schema app;
  create type app.mood as enum ('sad', 'ok');
  create domain app.code as varchar(8) default 'x' check (value in ('a', 'b'));
  create table app.songs (id int primary key, title varchar(80) not null default 'x', json jsonb, n int,
    status varchar(10) check (status in ('a', 'b')), mood app.mood default 'ok', at timestamptz default now() - interval '1 day',
    plain text generated always as (lower(title) || case when title in ('a', 'b') then 'x' end) stored, during tstzrange,
    check ((songs.*) is not null), constraint few check (n between 1 and 10) no inherit,
    exclude using gist (during with &&) where (status in ('a', 'b')));
  create table app.members (id int, song int references app.songs, json int, unique (id, json));
  create table app."order" ("user" int check ("user" > 0), json int primary key, foreign key ("user") references app."order" (json));
  create sequence app.numbers owned by app."order".json;
  create type app.pair as (json int, other text);
  create table app.days (at timestamptz, status varchar(10)) partition by range (date_trunc('day', at at time zone 'utc'));
  create table app.january partition of app.days for values from ('2026-01-01') to ('2026-02-01');

  create index lower_title on app.songs (lower(title)) where status in ('a', 'b');
  create index songs_json on app.songs using gin (json);
  create unique index "by User" on app."order" ("user", json) where "user" > 5;
  create statistics app.common on id, json from app.members;

  create view app.v as select id, title, json, status from app.songs where status in ('a', 'b');
  create view app.aliased as select old.id, new.title as "Title" from app.songs old join app.songs new on new.id = old.n;
  create view app.recursive with (security_barrier) as with recursive t(a) as (select 1 union all select a + 1 from t where a < 10)
    select t.a, songs.json from t join app.songs on songs.id = t.a;
  create view app.grouped as select json, count(*) filter (where n > 1), extract(year from at) y, (select max(id) from app.members)
    from app.songs group by json, at having count(*) > 1 order by 2 limit 5;
  create view app.united as select id from app.songs union select id from app.members order by 1;
  create view app.json as select "user", json from app."order";
  create view app.lists as values (1, 'a'), (2, 'b');
  create view app.joined as select m.*, songs.json from app.songs join (select song as id, 1 as one from app.members) m using (id);
  create materialized view app.stored as select id, title from app.songs where title in ('a', 'b');
  create index stored_lower on app.stored (lower(title)) where title in ('a', 'b');

  create function app.touch() returns trigger language plpgsql as 'begin return new; end';
  create function app.find(a int, b varchar default 'x') returns int language sql
    begin atomic select id from app.songs where status in ('a', 'b'); end;
  create procedure app.clean(a int) language sql begin atomic delete from app.songs where status in ('a', 'b'); end;
  create trigger touched after update of json, title on app.songs for each row
    when (old.* is distinct from new.* and new.status in ('a', 'b')) execute function app.touch();
  create trigger "on Order" after insert on app."order" for each row when (new."user" > 5) execute function app.touch();
  create rule logged as on insert to app.songs where new.status in ('a', 'b')
    do also insert into app.members select songs.id, new.id from app.songs;
  create rule forwarded as on insert to app.v
    do instead insert into app.songs (id, title) values (new.id, new.title) returning id, title, json, status;
  alter table app.songs enable row level security;
  create policy members on app.songs
    using (exists (select from app.members m where m.song = songs.id and songs.status in ('a', 'b')))
    with check (status in ('a', 'b'));
  create publication songs for table app.songs;`

export const file = fileURLToPath(new URL('across-majors.jsonl', import.meta.url))

/** An object as one major version says it. Those of a later one are the same where nothing else is said. */
export interface Line {
  readonly major: number
  readonly key: string
  readonly facts: Facts
}

/** The catalog of the schema as each major version says it. */
export function catalogsByMajor(): ReadonlyMap<number, Catalog> {
  const catalogs = new Map<number, Record<string, Facts>>()
  let last: Readonly<Record<string, Facts>> = {}
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const { major, key, facts }: Line = JSON.parse(line)
    const catalog = catalogs.get(major) ?? { ...last }
    catalog[key] = facts
    catalogs.set(major, catalog)
    last = catalog
  }
  return catalogs
}
