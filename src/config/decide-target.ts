import { configKeys } from './keys.js'
import type { Layer } from './layers.js'
import { lookUp, type Lookup } from './lookup.js'
import type { ConfigFault } from './problem.js'
import { isTarget } from './value-types.js'

/** The layers that do not depend on the target. */
export interface InitialLayers {
  readonly base: Layer
  readonly shared: Layer
  readonly local: Layer
  readonly process: Layer
  readonly flags: Layer
}

/** NODE_ENV and ENV_TARGET, which select the other layers. */
export interface TargetDecision {
  readonly nodeEnv: Lookup
  readonly envTarget: Lookup
  readonly production: boolean
  /** Undefined where ENV_TARGET is faulty. */
  readonly target: string | undefined
}

/**
 * Takes NODE_ENV and ENV_TARGET from the command line, the process environment, env/.env outside production,
 * env/.env.shared or config/base.json, else their defaults: not from a layer that they select. `root` is absolute.
 */
export function decideTarget(
  { base, shared, local, process, flags }: InitialLayers,
  root: string,
): TargetDecision {
  const always = [base, shared, process, flags]
  const production = isProduction(lookUp(always, 'NODE_ENV', root))
  const layers = production ? always : [base, shared, local, process, flags]
  const nodeEnv = lookUp(layers, 'NODE_ENV', root)
  const envTarget = targetOf(lookUp(layers, 'ENV_TARGET', root), nodeEnv)
  return {
    nodeEnv: useDefaultIfAbsent(nodeEnv, 'NODE_ENV'),
    envTarget,
    production,
    target: envTarget.kind === 'found' && isTarget(envTarget.text) ? envTarget.text : undefined,
  }
}

/** Faults where a layer that NODE_ENV and ENV_TARGET select contradicts them. */
export function lateSettingFaults(
  { nodeEnv, envTarget }: TargetDecision,
  targetLayers: readonly Layer[],
): readonly ConfigFault[] {
  return targetLayers.flatMap(({ source, values }) =>
    [nodeEnv, envTarget].flatMap((decided) => {
      const text = decided.kind === 'found' ? values[decided.name] : undefined
      return decided.kind !== 'found' || text === undefined || text === decided.text
        ? []
        : [lateSettingFault(decided.name, text, source)]
    }),
  )
}

/** A fault where env/.env says NODE_ENV=production: in production it is not read. */
export function unreadProductionFaults({ nodeEnv, production }: TargetDecision): readonly ConfigFault[] {
  return !production && nodeEnv.kind === 'found' && isProduction(nodeEnv)
    ? [lateSettingFault('NODE_ENV', nodeEnv.text, nodeEnv.source)]
    : []
}

function lateSettingFault(subject: string, text: string, source: string): ConfigFault {
  return {
    subject,
    source,
    problem: `is ${JSON.stringify(text)} in a layer that ${subject} selects`,
    hint: 'expected in the process environment, env/.env.shared or config/base.json',
  }
}

/** ENV_TARGET, else NODE_ENV, else the default. */
function targetOf(envTarget: Lookup, nodeEnv: Lookup): Lookup {
  if (envTarget.kind !== 'absent' || nodeEnv.kind !== 'found')
    return useDefaultIfAbsent(envTarget, 'ENV_TARGET')
  const { text, layer, source } = nodeEnv
  return { kind: 'found', name: 'ENV_TARGET', text, layer, source: `NODE_ENV, ${source}` }
}

function useDefaultIfAbsent(lookup: Lookup, name: 'NODE_ENV' | 'ENV_TARGET'): Lookup {
  if (lookup.kind !== 'absent') return lookup
  return { kind: 'found', name, text: configKeys[name].default, layer: 'default', source: 'default' }
}

function isProduction(lookup: Lookup): boolean {
  return lookup.kind === 'found' && lookup.text === 'production'
}
