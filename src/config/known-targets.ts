import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { nearestName } from '../core/text/nearest.js'
import { SchemaError } from '../errors/schema-error.js'
import type { Config } from './config.js'
import { isFile } from './files.js'
import { isTarget } from './value-types.js'

/** Names that NODE_ENV has everywhere: nobody mistypes another one as these. */
const commonTargets = ['development', 'test', 'production']

/** The environments whose databases hold nothing that has to be kept: they may be built from models, and dropped. */
export const disposableTargets: readonly string[] = ['development', 'test']

/** Whether the database of a process holds nothing that has to be kept. */
export function isDisposable({ target, production }: Pick<Config, 'target' | 'production'>): boolean {
  return !production && disposableTargets.includes(target)
}

/** There are few environments, so that a name may be further away than that of a key. */
const lettersPerEdit = 3

/**
 * Throws SCHEMA_CONFIG_INVALID for a target that neither config/ nor the knexfile has, where they have others: its first
 * migration would make a new environment of a name that is mistyped. A target that was not typed with `--env` must be
 * nearly another one. `environments` are those of the knexfile.
 */
export function refuseUnknownTarget(
  config: Pick<Config, 'root' | 'target' | 'isTargetTyped' | 'settings'>,
  environments: readonly string[],
): void {
  const { target, isTargetTyped, root } = config
  const known = [...new Set([...listTargets(root), ...environments])]
  if (known.length === 0 || isDefined(config, known)) return
  const near = nearestName(target, known, lettersPerEdit)
  const meant = near ?? known.find((name) => isAbbreviation(target, name))
  if (!isTargetTyped && near === undefined) return
  throw new SchemaError('SCHEMA_CONFIG_INVALID', {
    what: `There is no environment "${target}"${meant === undefined ? '.' : `: did you mean ${meant}?`} Nothing was done.`,
    facts: [['environments', known]],
    choices: [
      [`--env ${meant ?? known[0]}`, 'names one of them; so does ENV_TARGET'],
      [`config/${target}.json`, 'makes it an environment, even if it holds only {}'],
    ],
  })
}

function isDefined(
  { root, target, settings }: Pick<Config, 'root' | 'target' | 'settings'>,
  known: readonly string[],
): boolean {
  return (
    known.includes(target) ||
    commonTargets.includes(target) ||
    'DATABASE_URL_{TARGET}' in settings ||
    isFile(join(root, 'env', `.env.${target}`))
  )
}

/** `prd` and `stage`: its letters in their order, or the same beginning. */
function isAbbreviation(name: string, of: string): boolean {
  const [short, long] = [name.toLowerCase(), of.toLowerCase()]
  if (short.slice(0, 3) === long.slice(0, 3)) return true
  let from = 0
  return short.split('').every((letter) => (from = long.indexOf(letter, from) + 1) > 0)
}

/** The targets that have a file in config/, in alphabetical order; none if the folder does not exist. */
export function listTargets(root: string): string[] {
  return listJsonNames(join(root, 'config')).filter(isTarget).toSorted()
}

function listJsonNames(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((name) =>
      name.endsWith('.json') ? [name.slice(0, -'.json'.length)] : [],
    )
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  }
}
