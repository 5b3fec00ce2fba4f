import { readFileSync, writeFileSync } from 'node:fs'
import pg from 'pg'
import { readCatalog, everything } from '/work/main/src/postgres/introspect.js'
const all: Record<string, any> = {}
for (const port of [6014, 6015, 6016, 6017, 6018]) {
  const admin = new pg.Client({ connectionString: `postgres://postgres@127.0.0.1:${port}/postgres` })
  await admin.connect()
  const had = await admin.query("select from pg_database where datname = 'hcat'")
  if (had.rowCount) { const d = new pg.Client({ connectionString: `postgres://postgres@127.0.0.1:${port}/hcat` }); await d.connect(); for (const s of ['incoming','plain18']) await d.query('drop subscription if exists '+s); await d.end() }
  await admin.query('drop database if exists hcat with (force)')
  await admin.query('drop role if exists reader_h')
  await admin.query('create database hcat template template0')
  const c = new pg.Client({ connectionString: `postgres://postgres@127.0.0.1:${port}/hcat` })
  await c.connect()
  for (const s of readFileSync('/tmp/h/cat/script.sql', 'utf8').split(/;\n/)) {
    if (s.trim() === '') continue
    try { await c.query(s) } catch (e: any) { console.log(port, e.message, '<<', s.slice(0, 90).replaceAll('\n', ' ')) }
  }
  all[port] = await readCatalog(c, everything)
  writeFileSync(`/tmp/h/cat/${port}.json`, JSON.stringify(all[port], null, 1))
  console.log(port, Object.keys(all[port]).length)
  if (process.argv[2] !== 'keep') {
  await c.query('drop subscription if exists incoming; drop subscription if exists plain18').catch(async () => { for (const s of ['incoming','plain18']) await c.query('drop subscription if exists '+s) })
  await c.end()
  await admin.query('drop database if exists hcat with (force)')
  await admin.query('drop role if exists reader_h') } else await c.end()
  await admin.end()
}
