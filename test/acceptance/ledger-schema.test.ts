import t from 'tap'
import { runHere } from '../support/command.js'
import { createDatabase } from '../support/database.js'
import { createProject } from '../support/project.js'

const inApp = `export default { client: 'pg', searchPath: ['app', 'public'], migrations: { schemaName: 'app' } }`

for (const before of ['select 1', 'create schema app'])
  t.test(`schemaName names a schema that no migration makes; a prelude says ${before}`, async (t) => {
    const project = await createProject(
      t,
      { '001_songs': 'create table songs (id int)' },
      { snapshot: false, files: { 'before.sql': before, 'knexfile.js': inApp } },
    )
    const env = { ...project.env, SCRATCH_PRELUDE: 'before.sql' }
    t.match(await runHere(project, 'snapshot', { env }), { exit: 0 })
    for (const verb of ['migrate', 'init']) {
      const place = { env: { DATABASE_URL: await createDatabase(t) } }
      t.match(await runHere(project, verb, place), { exit: 0 }, verb)
      t.match(await runHere(project, 'verify', place), { exit: 0, text: /1 table.*as promised/ })
    }
  })
