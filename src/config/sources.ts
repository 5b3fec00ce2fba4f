import { nearestName } from '../core/text/nearest.js'
import {
  decideTarget,
  type InitialLayers,
  lateSettingFaults,
  type TargetDecision,
  unreadProductionFaults,
} from './decide-target.js'
import { defaultLayers } from './defaults.js'
import { isConfigKey, type KeyId, keyIds, keyNameFor } from './keys.js'
import { commandLine, dotenvLayer, jsonLayer, type Layer, layerOf, processEnvironment } from './layers.js'
import { lookUp, type Lookup } from './lookup.js'
import type { ConfigFault } from './problem.js'

/** The settings of all layers before they are validated. */
export interface RawConfig extends TargetDecision {
  readonly lookups: ReadonlyMap<KeyId, Lookup>
  readonly faults: readonly ConfigFault[]
}

/** Reads all layers and finds every key in them. `root` is absolute, `env` the process environment, `flags` are by key. */
export function readRawConfig(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Record<string, string>>,
): RawConfig {
  const initial = readInitialLayers(root, env, flags)
  const decision = decideTarget(initial, root)
  const selected = readTargetLayers(root, decision.target)
  const written = orderLayers(initial, selected, decision)
  const layers = [...defaultLayers(root, env, decision), ...written]
  const lookups = lookUpAll(layers, root, decision)
  const files = written.filter(({ source }) => source !== processEnvironment && source !== commandLine)
  const faults = [
    ...layers.flatMap((layer) => [...layer.faults, ...duplicateKeyFaults(layer)]),
    ...files.flatMap((layer) => misspelledKeyFaults(layer, decision.target ?? '')),
    ...unreadProductionFaults(decision),
    ...lateSettingFaults(decision, [selected.json, selected.dotenv]),
    ...[...lookups.values()].flatMap((lookup) => (lookup.kind === 'faulty' ? [lookup.fault] : [])),
  ]
  return { ...decision, lookups, faults }
}

function readInitialLayers(
  root: string,
  env: Readonly<Record<string, string | undefined>>,
  flags: Readonly<Record<string, string>>,
): InitialLayers {
  return {
    base: jsonLayer(root, 'config/base.json'),
    shared: dotenvLayer(root, 'env/.env.shared'),
    local: dotenvLayer(root, 'env/.env'),
    process: layerOf(processEnvironment, env),
    flags: layerOf(commandLine, flags),
  }
}

interface TargetLayers {
  readonly json: Layer
  readonly dotenv: Layer
}

function readTargetLayers(root: string, target: string | undefined): TargetLayers {
  if (target === undefined) return { json: layerOf('', {}), dotenv: layerOf('', {}) }
  return { json: jsonLayer(root, `config/${target}.json`), dotenv: dotenvLayer(root, `env/.env.${target}`) }
}

/** The layers above the defaults, the strongest last. */
function orderLayers(
  { base, shared, local, process, flags }: InitialLayers,
  selected: TargetLayers,
  { production }: TargetDecision,
): readonly Layer[] {
  return [base, selected.json, shared, selected.dotenv, process, ...(production ? [] : [local]), flags]
}

function lookUpAll(
  layers: readonly Layer[],
  root: string,
  { target, nodeEnv, envTarget }: TargetDecision,
): ReadonlyMap<KeyId, Lookup> {
  const lookups = new Map(keyIds.map((id) => [id, lookUp(layers, keyNameFor(id, target ?? ''), root)]))
  return lookups.set('NODE_ENV', nodeEnv).set('ENV_TARGET', envTarget)
}

/** Names in a file that are nearly keys. The process environment is not examined: most of it belongs to others. */
function misspelledKeyFaults({ source, values }: Layer, target: string): readonly ConfigFault[] {
  const names = keyIds.map((id) => keyNameFor(id, target)).flatMap((name) => [name, `${name}_FILE`])
  return Object.keys(values)
    .filter((name) => /^[A-Z][A-Z0-9_]*$/.test(name) && !isConfigKey(name))
    .flatMap((name) => {
      const meant = nearestName(name, names)
      if (meant === undefined) return []
      return [{ subject: name, source, problem: 'is not a key', hint: `did you mean ${meant}?` }]
    })
}

/** Keys that one layer sets both as KEY and as KEY_FILE. */
function duplicateKeyFaults({ source, values }: Layer): readonly ConfigFault[] {
  return Object.keys(values)
    .filter((name) => isConfigKey(name) && `${name}_FILE` in values)
    .map((name) => ({
      subject: name,
      source,
      problem: `is set twice, also as ${name}_FILE`,
      hint: 'expected only one of the two',
    }))
}
