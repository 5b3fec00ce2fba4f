import { basename, join } from 'node:path'
import t from 'tap'
import { findNearbyKnexfiles } from '../../src/project/nearby-knexfile.js'
import { listSeeds, readSeeds } from '../../src/project/seed-files.js'

t.test('the seeds of a knexfile', async (t) => {
  const code = 'export const seed = () => {}\n'
  const root = t.testdir({
    a: { '02.js': code, '03.ts': code, '04.d.ts': '', 'notes.md': '', more: { '01.js': code } },
    b: { '01.mjs': code },
    seeds: { '04.cjs': code },
  })
  const projectOf = (seeds: object) => ({
    seeds: readSeeds(seeds, root),
    knexfile: join(root, 'knexfile.js'),
  })
  const names = async (seeds: object, directory: string | null = null): Promise<readonly string[]> =>
    (await listSeeds(projectOf(seeds), directory)).map(({ name }) => basename(name))
  t.strictSame(await names({}), ['04.cjs'], 'of the default folder')
  t.strictSame(await names({ directory: './b' }), ['01.mjs'], 'of its own folder')
  t.strictSame(
    await names({ directory: ['b', 'a'] }),
    ['02.js', '03.ts', '01.mjs'],
    'by path over all folders',
  )
  t.strictSame(await names({ directory: ['b', 'a'], sortDirsSeparately: true }), ['01.mjs', '02.js', '03.ts'])
  t.strictSame(await names({ directory: 'a', recursive: true }), ['02.js', '03.ts', '01.js'])
  t.strictSame(await names({ directory: 'a', loadExtensions: ['.ts'] }), ['03.ts'])
  t.strictSame(await names({ directory: 'a', specific: '02.js' }), ['02.js'])
  const [file] = await listSeeds(projectOf({ directory: 'b' }), null)
  t.match(await file?.load(), { seed: Function })
  const seedSource = {
    getSeeds: async () => ['one', 'two'],
    getSeed: async (name: string) => ({ seed: () => name }),
  }
  t.strictSame(await names({ seedSource }), ['one', 'two'], 'of a source')
  t.strictSame(await names({ seedSource }, join(root, 'b')), ['01.mjs'], 'SEEDS_DIR instead of a source')
  t.strictSame(await names({ seedSource, sortDirsSeparately: false }), ['04.cjs'], 'as Knex drops a source')
  await t.rejects(names({ directory: 'nowhere' }), {
    code: 'SCHEMA_CONFIG_INVALID',
    message: /seeds cannot be read: ENOENT.*Nothing was done/,
    facts: [
      ['seeds', [join(root, 'nowhere')]],
      ['named by', join(root, 'knexfile.js')],
    ],
  })
  await t.rejects(names({ specific: '05.js' }), { message: /specific names 05.js, which does not exist/ })
})

t.test('a knexfile in another folder is found, as a hint', async (t) => {
  const knexfile = 'export default {}\n'
  const root = t.testdir({
    'package.json': '{}',
    db: { 'knexfile.js': knexfile },
    node_modules: { other: { 'knexfile.js': knexfile } },
    packages: { api: { src: {} } },
  })
  t.strictSame(findNearbyKnexfiles(root), [join(root, 'db', 'knexfile.js')])
  t.strictSame(findNearbyKnexfiles(join(root, 'db')), [], 'not the one of the folder itself')
  const nested = t.testdir({ 'package.json': '{}', 'knexfile.js': knexfile, packages: { api: { src: {} } } })
  t.strictSame(findNearbyKnexfiles(join(nested, 'packages', 'api')), [join(nested, 'knexfile.js')])
})
