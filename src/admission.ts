import type { Config } from './config.js'
import { assess, wrongDatabase } from './core/decision.js'
import type { Owner } from './core/identity.js'
import { describeAddress } from './postgres/address.js'
import type { Inspection } from './postgres/inspect.js'
import { refusal } from './situations.js'
import type { Workspace } from './workspace.js'

/** Whose database a process works on: that of its service in its environment. */
export function ownerIn({ service, target }: Config): Owner {
  return { service: service.name, environment: target }
}

/**
 * What nothing may be written without: throws SCHEMA_WRONG_DATABASE where the inspected database is another service's or
 * environment's, or records revisions of which this build knows none. `expected` is whose it has to be.
 */
export function refuseWrongDatabase(
  { migrations, config }: Pick<Workspace, 'migrations' | 'config'>,
  expected: Owner = ownerIn(config),
): (inspection: Inspection) => void {
  const build = migrations.map(({ revision }) => revision)
  return ({ database, recorded, identity }) => {
    const ownership = { identity, expected }
    const assessment = assess({ build, recorded, ownership, live: {}, snapshot: null })
    const situation = wrongDatabase(assessment)
    if (situation === null) return
    const decision = { action: 'refuse', situations: [{ situation, action: 'refuse' }] } as const
    const where = { database: describeAddress(database), environment: config.target }
    throw refusal(decision, assessment, { where, consequence: 'Nothing was done.' })
  }
}
