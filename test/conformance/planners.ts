import { planChanges, planMigration } from '../../src/ddl/plan/plan.js'
import { runsOutsideTransaction } from '../../src/ddl/plan/transactions.js'
import { type DraftFunction } from '../../src/ddl/draft/draft-migration.js'
import type { Plan, PlanRefusal } from '../../src/ddl/statement.js'
import { draftRunner } from '../../src/operations/draft/prove-draft.js'
import { provePlan } from '../../src/postgres/proof/prove-plan.js'
import { findScratch, type Scratch } from '../../src/postgres/scratch/scratch.js'
import type { Catalog } from '../../src/core/model/catalog.js'
import { loadProject } from '../../src/project/knexfile.js'
import { wholeProof } from '../support/whole-proof.js'
import type { Planner } from './run-direction.js'

/** Plans as `diff --sql` shows them: each is run on the server before it counts. */
export async function provenPlanner(server: string, serverMajor: number): Promise<Planner> {
  const scratch = await scratchOn(server)
  return async (from, to) =>
    (await provePlan(wholeProof(from, to, writerOf(from, to, { serverMajor })), scratch)).plan
}

/**
 * Plans as `new --from` drafts them, which Knex runs: from a to b the function `up`, back the function `down` of the same
 * draft.
 *
 * @param folder where a project could be; it has none
 */
export async function draftPlanner(server: string, serverMajor: number, folder: string): Promise<Planner> {
  const scratch = await scratchOn(server)
  const project = await loadProject({ root: folder, directories: null, knexfile: 'none', sections: [] })
  const naming = { defaultSchema: 'public', preservesName: () => true }
  const place = { project, naming, file: { path: `${folder}/draft.mjs`, language: 'module' } } as const
  return async (from, to, side) => {
    const name: DraftFunction = side === 'a' ? 'up' : 'down'
    const other = planMigration(to, from, { serverMajor })
    const online = runsOutsideTransaction(other.statements)
    const writer: Writer =
      name === 'up'
        ? (refusals) => planMigration(from, to, { serverMajor, refusals })
        : writerOf(from, to, { online, serverMajor })
    const runner = draftRunner(
      {
        name,
        code: (plan) =>
          name === 'up'
            ? { from, to, up: plan, down: nothing }
            : {
                from: to,
                to: from,
                up: runsOutsideTransaction(other.statements) ? other : nothing,
                down: plan,
              },
      },
      place,
    )
    const request = { ...wholeProof(from, to, writer), runFirst: runner(false), run: runner(true) }
    const { plan, ranFirst } = await provePlan(request, scratch)
    return { ...plan, run: runner(!ranFirst) }
  }
}

const nothing: Plan = { statements: [], refused: [] }

type Writer = (refusals: readonly PlanRefusal[]) => Plan

function writerOf(
  from: Catalog,
  to: Catalog,
  options: { readonly online?: boolean; readonly serverMajor: number },
): Writer {
  return (refusals) => planChanges(from, to, { ...options, refusals })
}

function scratchOn(server: string): Promise<Scratch> {
  return findScratch({
    scratch: { url: server, ssl: 'disable', applicationName: 'conformance' },
    embedded: () => Promise.reject(new Error('the server is given')),
    prelude: null,
  })
}
