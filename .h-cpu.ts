import pg from 'pg'
import { readFileSync } from 'node:fs'
import { readCatalog, everything } from '/work/main/src/postgres/introspect.js'
import { catalogQueries, canonicalSession } from '/work/main/src/postgres/catalog.sql.js'
const a = new pg.Client({ connectionString: `postgres://postgres@127.0.0.1:6018/hcat` }); await a.connect()
const old = new Set('schema extension sequence view materialized_view table foreign_table column constraint index trigger policy rule function procedure enum domain composite'.split(' '))
const pid = (await a.query('select pg_backend_pid() p')).rows[0].p
const cpu = () => { const s = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' '); return (Number(s[11]) + Number(s[12])) * 10 }
const cost = async (f: () => Promise<unknown>, n = 100) => { await f(); const t = cpu(); for (let i = 0; i < n; i++) await f(); return ((cpu() - t) / n).toFixed(2) }
console.log('old kinds', await cost(() => readCatalog(a, { kinds: old })), 'all', await cost(() => readCatalog(a)), 'everything', await cost(() => readCatalog(a, everything)))
await a.query(canonicalSession().replaceAll('set local', 'set'))
for (const q of catalogQueries(['x'])) console.log(q.kind.padEnd(28), await cost(() => a.query(q.sql), 100))
await a.end()
