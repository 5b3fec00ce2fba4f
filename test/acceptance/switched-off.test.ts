import t from 'tap'
import { isRecord } from '../../src/core/text/is-record.js'
import { createProject } from '../support/project.js'

t.test('a foreign key that was switched off on both tables is repaired on both', async (t) => {
  const project = await createProject(t, {
    '001_orders': `create table customers (id int primary key);
      create table orders (id int primary key, customer int references customers on delete cascade);
      create function stamp() returns trigger language plpgsql as 'begin return new; end';
      create trigger stamped before insert on orders for each row execute function stamp()`,
  })
  await project.migrate()
  await project.query('alter table orders disable trigger all; alter table customers disable trigger all')
  const drifted = await project.run('verify --json')
  t.equal(drifted.exit, 4)
  const document: unknown = JSON.parse(drifted.stdout)
  t.match(document, {
    verification: {
      differences: [
        { key: 'constraint:public.orders.orders_customer_fkey', facts: ['actionTriggers', 'checkTriggers'] },
        { key: 'trigger:public.orders.stamped', facts: ['enabled'] },
      ],
    },
  })
  const repair = isRecord(document) && isRecord(document['repair']) ? document['repair']['statements'] : []
  for (const statement of Array.isArray(repair) ? repair : []) await project.query(String(statement.sql))
  const repaired = await project.run('verify')
  t.equal(repaired.exit, 0, repaired.stdout)
  t.strictSame(await project.query(`select tgname from pg_trigger where tgenabled <> 'O'`), [])
  await t.rejects(project.query('insert into orders values (1, 9)'), { code: '23503' })
})
