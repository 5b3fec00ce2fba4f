import pg from 'pg'
import { readingOf, everything } from '/work/main/src/postgres/introspect.js'
import { queryAll } from '/work/main/src/postgres/query.js'
import { canonicalSession } from '/work/main/src/postgres/catalog.sql.js'
import { catalogQueries } from '/work/main/src/postgres/catalog.sql.js'
import { aliasQuery, dependencyQuery } from '/work/main/src/postgres/catalog-structure.sql.js'
const c = new pg.Client({ connectionString: process.argv[2] })
await c.connect()
const qs = catalogQueries([])
const res = await queryAll(c, [canonicalSession().replaceAll('set local','set'), ...qs.map(q => q.sql)].join(';\n'))
const adr = new Set<string>()
qs.forEach((q, i) => { for (const r of res[i].rows) adr.add(`${q.catalog}/${r[0]}/${r[1]}`) })
const [al] = await queryAll(c, aliasQuery)
const alias = new Map<string,string>()
for (const [a, b, d, e, f] of al.rows) alias.set(`${a}/${b}/0`, `${d}/${e}/${f}`)
const find = (x: string, h = 0): boolean => { if (adr.has(x) || h > 4) return adr.has(x); const w = x.replace(/\/\d+$/, '/0'); const t = alias.get(x) ?? alias.get(w); if (t) return find(t, h + 1); return w !== x && adr.has(w) }
const [dep] = await queryAll(c, dependencyQuery)
const seen = new Set<string>()
for (const [a, b, d, e, f, g] of dep.rows) for (const [x, y, z] of [[a, b, d], [e, f, g]]) if (!find(`${x}/${y}/${z}`)) seen.add(`${x}/${y}/${z}`)
for (const s of seen) { const [x, y, z] = s.split('/'); const r = await c.query(`select pg_describe_object('${x}'::regclass, ${y}, ${z}) d`); console.log(s, r.rows[0].d) }
console.log('rows', dep.rows.length)
await c.end()
