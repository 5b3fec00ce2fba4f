import type { Knex } from 'knex'
import { isRecord } from '../core/text/is-record.js'
import type { KnexHook, KnexHooks, KnexProject, Surroundings } from './knex-project.js'
import { runsHooks } from './project-knex.js'

/** The hooks in the `migrations` of a knexfile. */
export function readHooks(migrations: unknown): KnexHooks {
  const hook = (name: keyof KnexHooks): KnexHook | null => {
    const value = isRecord(migrations) ? migrations[name] : null
    return isHook(value) ? value : null
  }
  return {
    beforeAll: hook('beforeAll'),
    beforeEach: hook('beforeEach'),
    afterEach: hook('afterEach'),
    afterAll: hook('afterAll'),
  }
}

function isHook(value: unknown): value is KnexHook {
  return typeof value === 'function'
}

/**
 * The hooks of a project around a migration that its source lists as `entry`. Each revision is a batch of its own to them: what
 * a revision promises must not depend on which others are pending with it. A Knex that does not know hooks runs none.
 */
export function hooksAround(project: KnexProject, entry: unknown): Surroundings {
  const { beforeAll, beforeEach, afterEach, afterAll } = project.hooks
  const hasHooks = Object.values(project.hooks).some((hook) => hook !== null) && runsHooks(project)
  const inOrder =
    (...hooks: readonly (KnexHook | null)[]) =>
    async (knex: Knex): Promise<void> => {
      for (const hook of hasHooks ? hooks : []) await hook?.(knex, [entry])
    }
  return { before: inOrder(beforeAll, beforeEach), after: inOrder(afterEach, afterAll) }
}
