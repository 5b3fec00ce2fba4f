import { defaultLayers } from './defaults.js'
import type { Fault } from './problem.js'
import { isTarget } from './value-types.js'
import { keyIds, nameOf, type KeyId } from './keys.js'
import { misspelled, twice } from './layer-faults.js'
import { commandLine, dotenvLayer, jsonLayer, layerOf, processEnvironment, type Layer } from './layers.js'
import { lookUp, type Layers, type Lookup } from './lookup.js'
import { decideTarget, selfDefeating, tooLate, type Decided, type FirstLayers } from './environment.js'

interface ConfigInput {
  /** The folder that config/, env/ and relative paths are in. Absolute. */
  readonly root: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly flags: Readonly<Record<string, string>>
}

/** What every key was found to be, before anything is validated. */
export interface Stack {
  readonly production: boolean
  /** Undefined where ENV_TARGET is at fault. */
  readonly target: string | undefined
  readonly lookups: ReadonlyMap<KeyId, Lookup>
  readonly faults: readonly Fault[]
}

interface TargetLayers {
  readonly json: Layer
  readonly dotenv: Layer
}

/** Reads all layers and looks every key up in them. */
export function readStack(input: ConfigInput): Stack {
  const first = firstLayers(input)
  const decided = decideTarget(first)
  const target =
    decided.target.kind === 'found' && isTarget(decided.target.text) ? decided.target.text : undefined
  const chosen = targetLayers(input.root, target)
  const { production } = decided
  const written = ordered(first, { chosen, production })
  const layers = [...defaultLayers({ ...input, production, target }), ...written]
  const lookups = lookUpAll({ root: input.root, layers }, { decided, target })
  const files = written.filter(({ source }) => source !== processEnvironment && source !== commandLine)
  const faults = [
    ...layers.flatMap((layer) => [...layer.faults, ...twice(layer)]),
    ...files.flatMap((layer) => misspelled(layer, target ?? '')),
    ...selfDefeating(decided),
    ...tooLate(decided, [chosen.json, chosen.dotenv]),
    ...[...lookups.values()].flatMap((lookup) => (lookup.kind === 'faulty' ? [lookup.fault] : [])),
  ]
  return { production, target, lookups, faults }
}

function firstLayers({ root, env, flags }: ConfigInput): FirstLayers {
  return {
    root,
    base: jsonLayer(root, 'config/base.json'),
    shared: dotenvLayer(root, 'env/.env.shared'),
    local: dotenvLayer(root, 'env/.env'),
    process: layerOf(processEnvironment, env),
    flags: layerOf(commandLine, flags),
  }
}

function targetLayers(root: string, target: string | undefined): TargetLayers {
  if (target === undefined) return { json: layerOf('', {}), dotenv: layerOf('', {}) }
  return { json: jsonLayer(root, `config/${target}.json`), dotenv: dotenvLayer(root, `env/.env.${target}`) }
}

/** The layers that people write, the strongest last. */
function ordered(
  { base, shared, local, process, flags }: FirstLayers,
  { chosen, production }: { chosen: TargetLayers; production: boolean },
): readonly Layer[] {
  return [base, chosen.json, shared, chosen.dotenv, process, ...(production ? [] : [local]), flags]
}

function lookUpAll(
  layers: Layers,
  { decided, target }: { decided: Decided; target: string | undefined },
): ReadonlyMap<KeyId, Lookup> {
  const lookups = new Map(keyIds.map((id) => [id, lookUp(layers, nameOf(id, target ?? ''))]))
  return lookups.set('NODE_ENV', decided.nodeEnv).set('ENV_TARGET', decided.target)
}
