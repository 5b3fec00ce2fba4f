import type { Owner } from '../test/support/database.js'
import type { Build } from '../test/support/image.js'
import type { BenchOptions } from './options.js'
import type { BenchContext } from './part.js'
import { installPeers } from './peers.js'
import { createProject, type Project } from './project.js'

/** What the parts of a run share: the build, the generated projects, and whether the peers are there. */
export function createContext(options: BenchOptions, owner: Owner, build: Build): BenchContext {
  const projects = new Map<number, Promise<Project>>()
  let missing: Promise<string | null> | undefined
  const context: BenchContext = {
    build,
    owner,
    runs: options.runs,
    place: (cwd, databaseUrl) => ({
      cwd,
      node: options.node,
      env: { NODE_ENV: 'production', LOG_LEVEL: 'warn', DATABASE_URL: databaseUrl },
    }),
    project: (size) => {
      const project = projects.get(size.revisions) ?? createProject(context, size)
      projects.set(size.revisions, project)
      return project
    },
    peersMissing: () =>
      (missing ??= options.peers ? installPeers() : Promise.resolve('--no-peers was given')),
  }
  return context
}
