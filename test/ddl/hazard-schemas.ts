/** Two schemas between which statements of many forms lead, both ways. */
export interface HazardSchemas {
  readonly name: string
  readonly from: string
  readonly to: string
  /** Whether indexes may be built while nobody writes. Default: no. */
  readonly mayBlock?: true
}

export const hazardSchemas: readonly HazardSchemas[] = [
  {
    name: 'columns of tables that others inherit from or are partitions of',
    from: `create domain length as int check (value > 0); create function calm() returns int stable language sql return 1;
      create table p (a int not null default 1, b text, c varchar(9), n int, o int);
      create table child (e int) inherits (p); create table grandchild () inherits (child);
      create table m (k int, v int default 1, w text) partition by list (k);
      create table m1 partition of m for values in (1) partition by range (v);
      create table m11 partition of m1 for values from (0) to (9); create table rest partition of m default;
      insert into p (b, n) values ('x', 1); insert into child (b, n) values ('x', 1); insert into m values (1, 2, 'x'), (7, 1, 'x')`,
    to: `create domain length as int check (value > 0); create function calm() returns int stable language sql return 1;
      create table p (a bigint, b text not null, c text, n int not null default 4, o int,
        x uuid default gen_random_uuid(), y int default 3, l length, i information_schema.yes_or_no, s int default calm(),
        constraint positive check (o > 0));
      create table child (e int) inherits (p); create table grandchild () inherits (child);
      create table m (k int, v int, w text not null, u int) partition by list (k);
      create table m1 partition of m for values in (1) partition by range (v);
      create table m11 partition of m1 for values from (0) to (9); create table rest partition of m default;
      alter table p alter b set storage external, alter n set statistics 7, alter o set (n_distinct = 9)`,
  },
  {
    name: 'what a parent loses and its child keeps',
    from: `create table p (a int, e int, constraint c check (a > 0)); create table child () inherits (p)`,
    to: `create table p (a int); create table child (e int, constraint c check (a > 0)) inherits (p)`,
  },
  {
    name: 'settings, rules and rights of relations',
    from: `create table t (a int not null, b int not null); create unique index u on t (a); create index i on t (b);
      create table q (a int primary key); alter table q cluster on q_pkey; alter table q set (fillfactor = 70);
      create materialized view mv as select a from t; create view v as select a from t; create sequence s;
      create view old as select 1 as one; create view kept as select 2 as two; create table dropped (a int); create materialized view older as select 1 as one; create sequence oldest;
      create policy few on q; create rule kept as on insert to q do also nothing; create rule gone as on delete to t do also nothing;
      grant select on t to pg_monitor; create function f() returns int language sql return 1;
      create procedure p() language sql begin atomic; end; create function g() returns int language sql return 1;
      create foreign data wrapper w; create server far foreign data wrapper w; create foreign table ft (a int) server far;
      create foreign table gone_too (a int) server far`,
    to: `create table t (a int not null, b int not null); create unique index u on t (a); create index i on t (b);
      alter table t cluster on i; alter table t replica identity using index u; alter table t set (fillfactor = 70);
      alter table t enable row level security; alter table t force row level security;
      create policy everybody on t; create rule r as on update to t do also nothing;
      create statistics st on a, b from t; alter table t alter b set statistics 9;
      create table q (a int primary key); alter table q owner to pg_monitor; create rule kept as on insert to q do instead nothing; create policy few on q using (a > 0);
      create materialized view mv as select a from t with no data; create index on mv (a);
      alter materialized view mv set (fillfactor = 50);
      create view kept with (security_barrier) as select 2 as two; create view v with (security_barrier) as select a, b from t; create sequence s increment 3; create sequence s2;
      alter default privileges grant select on tables to pg_monitor; create function f() returns int language sql return 2;
      create procedure p2() language sql begin atomic; end; create procedure p() language sql begin atomic; select 1; end;
      create foreign data wrapper w; create server far foreign data wrapper w;
      create foreign table ft (a int not null) server far; alter foreign table ft owner to pg_monitor`,
  },
  {
    name: 'keys, foreign keys, checks and indexes',
    from: `create table a (id int primary key, x int, y int unique); create table b (id int, a int, c int);
      create index gone on b (c); create table r (id int primary key, b int);
      create table c (id int primary key, a int constraint later references a, b int constraint gone references a);
      alter table c add constraint checked check (b > 0) not valid; insert into b (id, c) values (1, 1)`,
    to: `create table a (id int primary key, x int unique, y int); create table b (id int primary key, a int references a, c int check (c > 0));
      create index came on b (a); create table r (id int primary key, b int references b);
      create table c (id int primary key, a int constraint later references a deferrable, b int);
      alter table c add constraint checked check (b > 0)`,
  },
  {
    name: 'indexes, keys and NOT NULL that are made while others write',
    from: `create table t (a int not null, b int, c int, constraint k unique (a)); create index i on t (b); create unique index u on t (c);
      create table r (a int references t (a)); create table m (a int, b int) partition by list (a);
      create table m1 partition of m for values in (1); create table w (a int, b text, c int, s int generated always as (a * 2) stored);
      insert into t values (1, 2, 3); insert into m values (1, 1); insert into w values (1, '2', 3)`,
    to: `create table t (a int not null, b int not null, c int, constraint k unique (a) include (b), constraint u unique (c));
      create unique index i on t (b, c); create table r (a int references t (a));
      create table m (a int, b int not null references t (a)) partition by list (a); create table m1 partition of m for values in (1);
      create table w (a int, b int, c bigint not null, s int generated always as (a * 3) stored, d uuid default gen_random_uuid())`,
  },
  {
    name: 'indexes and keys that may block writers',
    mayBlock: true,
    from: `create table t (a int not null, b int); create table m (d int not null, e int) partition by range (d);
      create table m1 partition of m for values from (0) to (5)`,
    to: `create table t (a int primary key, b int); create index on t (b); create unique index on t (b, a);
      create table m (d int primary key, e int) partition by range (d);
      create table m1 partition of m for values from (0) to (5); create unique index on m (d, e)`,
  },
  {
    name: 'trees of partitions that reference and are referenced',
    from: `create table o (d int primary key); create table m (d int primary key references o, e int) partition by range (d);
      create table rest partition of m default; create table m1 partition of m for values from (0) to (5);
      create table r (d int references m); create table p (a int, b int); create table apart (a int, b int);
      create table below () inherits (p); create table m9 (d int primary key references o, e int)`,
    to: `create table o (d int primary key); create table m (d int primary key references o, e int) partition by range (d);
      create table rest partition of m default; create table m1 partition of m for values from (0) to (5);
      create table m9 partition of m for values from (5) to (9); create index on m (e); create table r (d int references m); create table p (a int, b int, check (a > 0));
      create table apart (a int, b int, constraint p_a_check check (a > 0)); alter table apart inherit p;
      create table below (a int, b int)`,
  },
  {
    name: 'triggers',
    from: `create function f() returns trigger language plpgsql as 'begin return new; end';
      create table t (a int primary key); create table u (a int) partition by list (a); create table u1 partition of u for values in (1);
      create trigger changed before insert on t for each row execute function f();
      create trigger off before insert on t for each row execute function f();
      create trigger gone before insert on u for each row execute function f();
      create constraint trigger old after insert on u1 from t for each row execute function f()`,
    to: `create function f() returns trigger language plpgsql as 'begin return new; end';
      create table t (a int primary key); create table u (a int) partition by list (a); create table u1 partition of u for values in (1);
      create trigger changed before update on t for each row execute function f();
      create trigger off before insert on t for each row execute function f(); alter table t disable trigger off;
      create trigger came after insert on u for each row execute function f();
      create trigger always before insert on t for each row execute function f(); alter table t enable always trigger always`,
  },
]
