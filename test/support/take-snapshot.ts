import { writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Config } from '../../src/config/config.js'
import { makeSnapshot } from '../../src/snapshot/current.js'
import { withWorkspace } from '../../src/workspace.js'
import { filesOf } from './secrets.js'

type Texts = ReadonlyMap<string, string>

/** What was written into a project with these files, on this server. */
const taken = new Map<string, Texts>()

/** Makes the snapshot of a test's project; once for all projects of a test file that have the same files. */
export async function takeSnapshot(config: Config, url: string): Promise<void> {
  const before = textsIn(config.root)
  const key = JSON.stringify([new URL(url).host, ...before])
  const known = taken.get(key)
  if (known !== undefined) {
    for (const [path, text] of known) await writeFile(join(config.root, path), text)
    return
  }
  await withWorkspace({ config, report: () => {} }, (workspace) =>
    makeSnapshot(workspace, () => {}, { acceptEmpty: true }),
  )
  taken.set(key, new Map([...textsIn(config.root)].filter(([path, text]) => before.get(path) !== text)))
}

function textsIn(root: string): Texts {
  return new Map([...filesOf(root)].map(([path, text]) => [relative(root, path), text]))
}
