import t from 'tap'
import { runHere } from '../support/command.js'
import { createProject } from '../support/project.js'

/** What PostgreSQL makes in partitions and children together with their parents. */
const trees = `
  create table songs (id int generated always as identity, year int, primary key (id, year)) partition by range (year);
  create table songs_old partition of songs for values from (0) to (2000) partition by list (id);
  create table songs_old_rest partition of songs_old default;
  create table songs_new partition of songs default;
  create table plays (song int, year int, foreign key (song, year) references songs) partition by list (year);
  create table plays_rest partition of plays default;
  create unique index plays_year on plays (year);
  create table media (id int, constraint positive check (id > 0));
  alter table media add constraint small check (id < 9) not valid;
  create table covers (constraint positive check (id > 0)) inherits (media);
  create table sleeves () inherits (covers, media);
  alter table media add constraint even check (id % 2 = 0) not valid;`

t.test('init builds trees of tables as the migrations do', async (t) => {
  const project = await createProject(t, { '001_trees': trees })
  t.match(await runHere(project, 'init'), { exit: 0 })
  t.match(await runHere(project, 'verify'), { exit: 0, text: /as promised/ })
})
