import pg from 'pg'
import { readCatalog, everything } from '/work/main/src/postgres/introspect.js'
import { diff } from '/work/main/src/core/diff.js'
for (const port of [6014, 6015, 6016, 6017, 6018]) {
  const a = new pg.Client({ connectionString: `postgres://postgres@127.0.0.1:${port}/hcat` }); await a.connect()
  await a.query('drop role if exists plain_h; create role plain_h login')
  const b = new pg.Client({ connectionString: `postgres://plain_h@127.0.0.1:${port}/hcat` }); await b.connect()
  const t0 = performance.now()
  const A = await readCatalog(a, everything); const t1 = performance.now()
  const B = await readCatalog(b, everything)
  const t2 = performance.now(); await readCatalog(a); const t3 = performance.now()
  console.log(port, Object.keys(A).length, JSON.stringify(diff(A, B)), (t1 - t0).toFixed(0), (t3 - t2).toFixed(0), Object.keys(B['user_mapping:far.public'] ?? {}), JSON.stringify(A).includes('s3cret'))
  await b.end(); await a.query('drop role plain_h'); await a.end()
}
