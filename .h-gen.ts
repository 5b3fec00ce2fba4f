import pg from 'pg'
import { writeFileSync } from 'node:fs'
// @ts-ignore
import { groups } from '/tmp/h/cat/groups.mjs'
import { readCatalogInTransaction, everything } from '/work/main/src/postgres/introspect.js'
import { catalogQueries, canonicalSession } from '/work/main/src/postgres/catalog.sql.js'
import { queryAll } from '/work/main/src/postgres/query.js'
import { sortKeys } from '/work/main/src/core/catalog.js'
const port = process.argv[2]
const admin = new pg.Client({ connectionString: `postgres://postgres@127.0.0.1:${port}/postgres` }); await admin.connect()
await admin.query('drop database if exists hcat2 with (force)'); await admin.query('create database hcat2 template template0')
const c = new pg.Client({ connectionString: `postgres://postgres@127.0.0.1:${port}/hcat2` }); await c.connect()
await c.query('begin; create role test_listener')
let before: any = await readCatalogInTransaction(c, everything)
const seen: Record<string, any> = {}
const out: any[] = []
for (const [name, since, sql] of groups) {
  if (since > Number(port) - 6000) continue
  await c.query(sql)
  const after: any = await readCatalogInTransaction(c, everything)
  const objects: any = {}
  for (const k of sortKeys(Object.keys(after))) if (JSON.stringify(after[k]) !== JSON.stringify(before[k])) objects[k] = after[k]
  out.push({ name, since, sql, objects }); before = after
}
writeFileSync(`/tmp/h/cat/gen.${port}.json`, JSON.stringify({ out, final: before }))
const facts = new Map<string, Set<string>>()
for (const [k, v] of Object.entries(before)) { const kind = k.slice(0, k.indexOf(':')); const s = facts.get(kind) ?? new Set(); Object.keys(v as any).forEach(f => s.add(f)); facts.set(kind, s) }
await c.query(canonicalSession())
for (const q of catalogQueries([])) { const [r] = await queryAll(c, q.sql); const w = 2 + q.names + (q.overloaded ? 1 : 0); const un = r!.columns.slice(w).filter(n => !facts.get(q.kind)?.has(n)); if (un.length || !facts.has(q.kind)) console.log('never seen', q.kind, un) }
await c.query('rollback'); await c.end()
await admin.query('drop database hcat2'); await admin.end()
