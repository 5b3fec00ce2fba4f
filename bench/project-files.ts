import { createHash } from 'node:crypto'
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Build } from '../test/support/image.js'
import type { GeneratedRevision } from './revisions.js'

/** Writes the same history for Knex, which is also ours, and in the formats of the peers. */
export async function writeProject(
  root: string,
  build: Build,
  revisions: readonly GeneratedRevision[],
): Promise<void> {
  await mkdir(join(root, 'knex'), { recursive: true })
  await writeFile(join(root, 'package.json'), '{ "name": "history", "type": "module" }\n')
  await symlink(join(build.folder, 'node_modules'), join(root, 'node_modules'))
  // Not in the root, because schemagate would read it, too.
  await cp(join(build.folder, 'bench/contenders/knexfile.js'), join(root, 'knex/knexfile.js'))
  await writeFiles(join(root, 'migrations'), revisions.map(knexFile))
  await writeFiles(
    join(root, 'sql'),
    revisions.map(({ name, up }) => [`${name}.sql`, `${up};\n`]),
  )
  await writeFiles(join(root, 'drizzle'), drizzleFiles(revisions))
  await writeFiles(join(root, 'graphile/committed'), graphileFiles(revisions))
}

/** The name and the text of a migration for Knex. */
function knexFile({ name, up, down }: GeneratedRevision): readonly [string, string] {
  const text = (sql: string): string => `(knex) => knex.raw(\`${sql}\`)`
  return [`${name}.js`, `export const up = ${text(up)}\nexport const down = ${text(down)}\n`]
}

function drizzleFiles(revisions: readonly GeneratedRevision[]): readonly (readonly [string, string])[] {
  const entries = revisions.map(({ name }, idx) => ({
    idx,
    version: '7',
    when: Date.UTC(2026) + idx,
    tag: name,
    breakpoints: true,
  }))
  const journal = JSON.stringify({ version: '7', dialect: 'postgresql', entries })
  return [
    ['meta/_journal.json', journal],
    ...revisions.map(
      ({ name, up }) => [`${name}.sql`, up.replaceAll(';\n', ';--> statement-breakpoint\n')] as const,
    ),
  ]
}

/** Each file names the hash of itself and of the one before. */
function graphileFiles(revisions: readonly GeneratedRevision[]): readonly (readonly [string, string])[] {
  let previous = ''
  return revisions.map(({ up }, index) => {
    const body = `${up};\n`
    const hash = `sha1:${createHash('sha1').update(`${previous}\n${body}`.trim()).update('\n').digest('hex')}`
    const text = `--! Previous: ${previous || '-'}\n--! Hash: ${hash}\n\n${body}`
    previous = hash
    return [`${String(index + 1).padStart(6, '0')}.sql`, text]
  })
}

async function writeFiles(folder: string, files: readonly (readonly [string, string])[]): Promise<void> {
  for (const folderOfFiles of new Set(files.map(([name]) => dirname(join(folder, name)))))
    await mkdir(folderOfFiles, { recursive: true })
  for (const [name, text] of files) await writeFile(join(folder, name), text)
}
