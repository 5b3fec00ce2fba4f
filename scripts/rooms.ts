import { posix } from 'node:path'
import { type Room, rooms } from '../test/architecture/rooms.js'

/** The table of rooms for ARCHITECTURE.md. */
export function roomTable(): string {
  const rows = Object.entries(rooms).map(([name, { purpose, imports, packages = [] }]) =>
    [`\`${name}\``, purpose, listed(imports), listed(packages)].join(' | '),
  )
  const head = ['room', 'what is in it', 'may import', 'packages'].join(' | ')
  return [`| ${head} |`, '|---|---|---|---|', ...rows.map((row) => `| ${row} |`)].join('\n')
}

function listed(names: readonly string[]): string {
  return [...new Set(names)].map((name) => `\`${name}\``).join(' ')
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
