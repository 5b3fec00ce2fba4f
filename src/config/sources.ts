import { nearest } from '../core/text/nearest.js'
import { defaultLayers } from './defaults.js'
import { decideTarget, selfDefeating, tooLate, type Decided, type FirstLayers } from './environment.js'
import { isOurs, type KeyId, keyIds, nameOf } from './keys.js'
import { commandLine, dotenvLayer, jsonLayer, type Layer, layerOf, processEnvironment } from './layers.js'
import { lookUp, type Layers, type Lookup } from './lookup.js'
import type { Fault } from './problem.js'
import { isTarget } from './value-types.js'

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

/** Keys of a file that are nearly ours. Not for the process environment: most of it is none of our business. */
function misspelled({ source, values }: Layer, target: string): readonly Fault[] {
  const names = keyIds.map((id) => nameOf(id, target)).flatMap((name) => [name, `${name}_FILE`])
  return Object.keys(values)
    .filter((name) => /^[A-Z][A-Z0-9_]*$/.test(name) && !isOurs(name))
    .flatMap((name) => {
      const meant = nearest(name, names)
      if (meant === undefined) return []
      return [{ subject: name, source, problem: 'is no key', hint: `did you mean ${meant}?` }]
    })
}

/** Keys that one layer sets twice: as KEY and as KEY_FILE. */
function twice({ source, values }: Layer): readonly Fault[] {
  return Object.keys(values)
    .filter((name) => isOurs(name) && `${name}_FILE` in values)
    .map((name) => ({
      subject: name,
      source,
      problem: `is set twice, also as ${name}_FILE`,
      hint: 'expected one of the two',
    }))
}
