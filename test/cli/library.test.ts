import t from 'tap'
import { exportSchema, history, plan, rehearse } from '../../src/index.js'
import { runHere } from '../support/command.js'
import { createProject } from '../support/project.js'

t.test('a function of the library returns what the command prints as JSON', async (t) => {
  const project = await createProject(t, {
    '001_songs': { up: 'create table songs (id int primary key, title text)', down: 'drop table songs' },
  })
  await project.migrate()
  await project.query('insert into songs values (1, null)')
  await project.write({
    '002_title': {
      up: 'alter table songs alter title set not null',
      down: 'alter table songs alter title drop not null',
    },
  })
  const options = { root: project.root, env: project.env }
  for (const [line, call] of [
    ['plan', () => plan(options)],
    [
      'plan --offline --allow lock --refuse no-down',
      () => plan({ ...options, offline: { from: null }, allow: 'lock', refuse: 'no-down' }),
    ],
    ['rehearse', () => rehearse(options)],
    [
      'rehearse --from 001_songs --no-rows',
      () => rehearse({ ...options, offline: { from: '001_songs' }, withRows: false }),
    ],
    ['history', () => history(options)],
    ['history --limit 1', () => history({ ...options, limit: 1 })],
    ['export --from database', () => exportSchema({ ...options, from: 'database' })],
  ] as const) {
    const { document, text } = await runHere(project, line)
    t.strictSame(comparable(await call()), comparable(document), text)
  }
  await t.rejects(plan({ ...options, allow: 'locks' }), { code: 'SCHEMA_USAGE' })
})

/** As JSON, without what differs at every run. */
function comparable(document: unknown): unknown {
  return JSON.parse(JSON.stringify(document, (key, value: unknown) => (key === 'duration' ? null : value)))
}
