import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import pg from 'pg'
import { type Catalog, type Facts, sortKeys } from '../src/core/model/catalog.js'
import { allAnnotations, readCatalog } from '../src/postgres/introspect/read-catalog.js'
import { file, type Line, schema } from '../test/postgres/across-majors.js'
import { query } from '../test/support/database.js'

/** Writes the file that canonicalize.test.ts reads: the catalog of one schema on servers of several major versions. */
const urls = process.argv.slice(2)
if (urls.length === 0) throw new Error('node --import tsx scripts/across-majors.ts URL…')

const lines: Line[] = []
let last: Catalog = {}
for (const url of urls) {
  const { major, catalog } = await read(url)
  // A major version that prints everything like the one before still has a line: the schema itself.
  const changed = sortKeys(Object.keys(catalog)).filter(
    (key) => key === 'schema:app' || JSON.stringify(last[key]) !== JSON.stringify(catalog[key]),
  )
  lines.push(...changed.map((key) => ({ major, key, facts: catalog[key] ?? {} })))
  last = catalog
}
writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))

async function read(server: string): Promise<{ readonly major: number; readonly catalog: Catalog }> {
  const name = `test_${randomBytes(6).toString('hex')}`
  const url = new URL(server)
  url.pathname = `/${name}`
  await query(server, `create database ${name} template template0`)
  const client = new pg.Client({ connectionString: url.href })
  try {
    await client.connect()
    await client.query(schema)
    const { rows } = await client.query<{ major: number }>(
      "select current_setting('server_version_num')::int / 10000 as major",
    )
    return {
      major: rows[0]?.major ?? 0,
      catalog: withoutStructure(await readCatalog(client, allAnnotations)),
    }
  } finally {
    await client.end()
    await query(server, `drop database ${name} with (force)`)
  }
}

function withoutStructure(catalog: Catalog): Catalog {
  return Object.fromEntries(
    Object.entries(catalog).map(([key, facts]): [string, Facts] => [
      key,
      Object.fromEntries(Object.entries(facts).filter(([name]) => !name.startsWith('$'))),
    ]),
  )
}
