import { posix } from 'node:path'
import { type Room, rooms } from '../test/architecture/rooms.js'

/** The table of rooms for ARCHITECTURE.md. `room ↓` stands for a room and all that it may import. */
export function roomTable(): string {
  const rows = Object.entries(rooms).map(([name, { purpose, packages = [] }]) =>
    [`\`${name}\``, purpose, shortImports(name), packages.map(code).join(' ')].join(' | '),
  )
  const head = ['room', 'what is in it', 'may import', 'packages'].join(' | ')
  return [`| ${head} |`, '|---|---|---|---|', ...rows.map((row) => `| ${row} |`)].join('\n')
}

/** The rooms that a room may import, without those that a `room ↓` in the list already names. */
function shortImports(name: string): string {
  const imports = importsOf(name)
  const has = (room: string): boolean =>
    imports.includes(room) || (room.startsWith('core/') && imports.includes('core/*'))
  const whole = imports.filter((room) => importsOf(room).every(has))
  const implied = new Set(whole.flatMap(importsOf))
  const shown = imports.filter((room) => !implied.has(room))
  return shown
    .map((room) => (whole.includes(room) && importsOf(room).length > 0 ? `${code(room)} ↓` : code(room)))
    .join(', ')
}

function importsOf(name: string): readonly string[] {
  return [...new Set(rooms[name]?.imports)].filter((other) => other !== name)
}

function code(name: string): string {
  return `\`${name}\``
}

/** What the linter forbids each room: every import but those of the table. */
export function roomRules(): readonly object[] {
  return Object.entries(rooms).map(([name, room]) => ({
    files: [name.endsWith('.ts') ? `src/${name}` : `src/${name}/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: ['*', ...allowedImports(name, room).map((allowed) => `!${allowed}`)],
              message: `${name} is for ${room.purpose}`,
            },
          ],
        },
      ],
    },
  }))
}

/** As patterns of the linter, which are those of a .gitignore. */
function allowedImports(name: string, { imports, packages = [] }: Room): readonly string[] {
  const own = name.endsWith('.ts') ? [] : ['./*.js']
  const files = imports.filter((other) => other !== name).map((other) => filesOf(other, name))
  const modules = packages.flatMap((each) =>
    each === 'node:' ? ['node:*', 'node:*/*'] : [each, `${each}/**`],
  )
  return [...new Set([...own, ...files, ...modules])]
}

/** The files of a room as a file of another room writes them. */
function filesOf(room: string, from: string): string {
  const path = posix.relative(from.endsWith('.ts') ? '.' : from, room)
  const specifier = path.startsWith('.') ? path : `./${path}`
  return room.endsWith('.ts') ? specifier.replace(/\.ts$/, '.js') : `${specifier}/*.js`
}
