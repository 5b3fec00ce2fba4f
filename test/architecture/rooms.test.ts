import { posix } from 'node:path'
import t from 'tap'
import { rooms } from './rooms.js'
import { type Source, sources } from './sources.js'

const folderOf = (path: string): string => posix.dirname(path)
const roomOf = (path: string): string => (path.includes('/') ? folderOf(path) : path)

const allows = (allowed: string, room: string): boolean =>
  allowed.endsWith('/*') ? room.startsWith(allowed.slice(0, -1)) : allowed === room

/** What a file imports although its room may not. */
function forbiddenImports({ path, imports }: Source): readonly string[] {
  const room = rooms[roomOf(path)]
  if (room === undefined) return [`${path} is in no room of the table`]
  const { packages = [] } = room
  const isAllowed = (name: string): boolean =>
    name.endsWith('.ts')
      ? roomOf(name) === roomOf(path) || room.imports.some((allowed) => allows(allowed, roomOf(name)))
      : packages.some((allowed) => (allowed === 'node:' ? name.startsWith(allowed) : isOf(allowed, name)))
  return imports.filter((name) => !isAllowed(name)).map((name) => `${path} imports ${name}`)
}

const isOf = (packageName: string, name: string): boolean =>
  name === packageName || name.startsWith(`${packageName}/`)

t.test('every file imports only what its room may', async (t) => {
  t.strictSame(sources.flatMap(forbiddenImports), [])
  const inUse = new Set(sources.map(({ path }) => roomOf(path)))
  t.strictSame(
    Object.keys(rooms).filter((room) => !inUse.has(room)),
    [],
    'the table has no room that is gone',
  )
})

/** The rooms in the order in which they were found to import each other in a circle. */
function circleFrom(start: string, arrows: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const queue: (readonly string[])[] = [[start]]
  const seen = new Set<string>()
  for (const path of queue)
    for (const next of arrows.get(path.at(-1) ?? '') ?? []) {
      if (next === start) return [...path, next]
      if (!seen.has(next)) queue.push([...path, next])
      seen.add(next)
    }
  return []
}

t.test('no room imports itself through others', async (t) => {
  const arrows = new Map<string, Set<string>>()
  for (const { path, imports } of sources)
    for (const name of imports.filter((name) => name.endsWith('.ts')))
      if (roomOf(name) !== roomOf(path))
        arrows.set(roomOf(path), (arrows.get(roomOf(path)) ?? new Set()).add(roomOf(name)))
  t.strictSame(
    [...arrows.keys()].map((room) => circleFrom(room, arrows).join(' > ')).filter((circle) => circle !== ''),
    [],
  )
})

t.test('the longest chain of imports has at most 20 files', async (t) => {
  const byPath = new Map(sources.map((source) => [source.path, source]))
  const chains = new Map<string, readonly string[]>()
  const chainFrom = (path: string): readonly string[] => {
    const known = chains.get(path)
    if (known !== undefined) return known
    const next = (byPath.get(path)?.imports ?? []).filter((name) => byPath.has(name)).map(chainFrom)
    const longest = next.reduce((best, chain) => (chain.length > best.length ? chain : best), [])
    chains.set(path, [path, ...longest])
    return [path, ...longest]
  }
  const longest = sources
    .map(({ path }) => chainFrom(path))
    .reduce((best, chain) => (chain.length > best.length ? chain : best), [])
  t.ok(longest.length <= 20, `${longest.length}: ${longest.join(' > ')}`)
  t.ok(longest.length > 5, 'imports are found')
})

t.test('a folder can be read at a glance, and so can a file', async (t) => {
  const top = new Set(sources.map(({ path }) => path.split('/', 1).join()))
  t.ok(top.size <= 18, `${top.size} entries at the top of src`)
  const counts = new Map<string, number>()
  for (const { path } of sources) counts.set(folderOf(path), (counts.get(folderOf(path)) ?? 0) + 1)
  t.strictSame(
    [...counts].filter(([folder, count]) => count > 24 && folder !== 'ddl/kinds'),
    [],
    'at most 24 files, but for one file a kind',
  )
  const long = sources.filter(({ text }) => text.split('\n').length - 1 > 250)
  t.strictSame(
    long.map(({ path }) => path),
    [],
    'at most 250 lines',
  )
  t.ok(sources.length > 100)
})
