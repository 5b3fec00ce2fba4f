import { nearestName } from '../core/text/nearest.js'
import {
  decideTarget,
  unreadProductionFaults,
  lateSettingFaults,
  type TargetDecision,
  type InitialLayers,
} from './decide-target.js'
import { defaultLayers } from './defaults.js'
import { isConfigKey, type KeyId, keyIds, keyNameFor } from './keys.js'
import { commandLine, dotenvLayer, jsonLayer, type Layer, layerOf, processEnvironment } from './layers.js'
import { lookUp, type LayerStack, type Lookup } from './lookup.js'
import type { ConfigFault } from './problem.js'
import { isTarget } from './value-types.js'

interface ConfigInput {
  /** The folder that config/, env/ and relative paths are in. Absolute. */
  readonly root: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly flags: Readonly<Record<string, string>>
}

/** What every key was found to be, before anything is validated. */
export interface RawConfig {
  readonly production: boolean
  /** Undefined where ENV_TARGET is at fault. */
  readonly target: string | undefined
  readonly lookups: ReadonlyMap<KeyId, Lookup>
  readonly faults: readonly ConfigFault[]
}

interface TargetLayers {
  readonly json: Layer
  readonly dotenv: Layer
}

/** Reads all layers and looks every key up in them. */
export function readRawConfig(input: ConfigInput): RawConfig {
  const first = readInitialLayers(input)
  const decided = decideTarget(first)
  const target =
    decided.target.kind === 'found' && isTarget(decided.target.text) ? decided.target.text : undefined
  const chosen = readTargetLayers(input.root, target)
  const { production } = decided
  const written = orderLayers(first, { chosen, production })
  const layers = [...defaultLayers({ ...input, production, target }), ...written]
  const lookups = lookUpAll({ root: input.root, layers }, { decided, target })
  const files = written.filter(({ source }) => source !== processEnvironment && source !== commandLine)
  const faults = [
    ...layers.flatMap((layer) => [...layer.faults, ...duplicateKeyFaults(layer)]),
    ...files.flatMap((layer) => misspelledKeyFaults(layer, target ?? '')),
    ...unreadProductionFaults(decided),
    ...lateSettingFaults(decided, [chosen.json, chosen.dotenv]),
    ...[...lookups.values()].flatMap((lookup) => (lookup.kind === 'faulty' ? [lookup.fault] : [])),
  ]
  return { production, target, lookups, faults }
}

function readInitialLayers({ root, env, flags }: ConfigInput): InitialLayers {
  return {
    root,
    base: jsonLayer(root, 'config/base.json'),
    shared: dotenvLayer(root, 'env/.env.shared'),
    local: dotenvLayer(root, 'env/.env'),
    process: layerOf(processEnvironment, env),
    flags: layerOf(commandLine, flags),
  }
}

function readTargetLayers(root: string, target: string | undefined): TargetLayers {
  if (target === undefined) return { json: layerOf('', {}), dotenv: layerOf('', {}) }
  return { json: jsonLayer(root, `config/${target}.json`), dotenv: dotenvLayer(root, `env/.env.${target}`) }
}

/** The layers that people write, the strongest last. */
function orderLayers(
  { base, shared, local, process, flags }: InitialLayers,
  { chosen, production }: { chosen: TargetLayers; production: boolean },
): readonly Layer[] {
  return [base, chosen.json, shared, chosen.dotenv, process, ...(production ? [] : [local]), flags]
}

function lookUpAll(
  layers: LayerStack,
  { decided, target }: { decided: TargetDecision; target: string | undefined },
): ReadonlyMap<KeyId, Lookup> {
  const lookups = new Map(keyIds.map((id) => [id, lookUp(layers, keyNameFor(id, target ?? ''))]))
  return lookups.set('NODE_ENV', decided.nodeEnv).set('ENV_TARGET', decided.target)
}

/** Keys of a file that are nearly ours. Not for the process environment: most of it is none of our business. */
function misspelledKeyFaults({ source, values }: Layer, target: string): readonly ConfigFault[] {
  const names = keyIds.map((id) => keyNameFor(id, target)).flatMap((name) => [name, `${name}_FILE`])
  return Object.keys(values)
    .filter((name) => /^[A-Z][A-Z0-9_]*$/.test(name) && !isConfigKey(name))
    .flatMap((name) => {
      const meant = nearestName(name, names)
      if (meant === undefined) return []
      return [{ subject: name, source, problem: 'is no key', hint: `did you mean ${meant}?` }]
    })
}

/** Keys that one layer sets twice: as KEY and as KEY_FILE. */
function duplicateKeyFaults({ source, values }: Layer): readonly ConfigFault[] {
  return Object.keys(values)
    .filter((name) => isConfigKey(name) && `${name}_FILE` in values)
    .map((name) => ({
      subject: name,
      source,
      problem: `is set twice, also as ${name}_FILE`,
      hint: 'expected one of the two',
    }))
}
