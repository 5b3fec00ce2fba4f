import pg from 'pg'
import { readCatalog, everything } from '/work/main/src/postgres/introspect.js'
import { catalogQueries, canonicalSession } from '/work/main/src/postgres/catalog.sql.js'
const a = new pg.Client({ connectionString: `postgres://postgres@127.0.0.1:6018/hcat` }); await a.connect()
const old = new Set('schema extension sequence view materialized_view table foreign_table column constraint index trigger policy rule function procedure enum domain composite'.split(' '))
const med = async (f: () => Promise<unknown>) => { const ts: number[] = []; for (let i = 0; i < 15; i++) { const t = performance.now(); await f(); ts.push(performance.now() - t) } return ts.sort((x, y) => x - y)[7]!.toFixed(1) }
console.log('old kinds', await med(() => readCatalog(a, { kinds: old })), 'all', await med(() => readCatalog(a)), 'everything', await med(() => readCatalog(a, everything)))
await a.query(canonicalSession().replaceAll('set local', 'set'))
for (const q of catalogQueries(['x'])) { const r = await a.query('explain (analyze, summary) ' + q.sql); const [p, e] = r.rows.slice(-2).map((x: any) => x['QUERY PLAN'].replace(/[^\d.]/g, '')); const m = await med(() => a.query(q.sql)); console.log(q.kind.padEnd(28), 'plan', p, 'exec', e, 'total', m) }
await a.end()
