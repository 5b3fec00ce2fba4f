import { configKeys } from './keys.js'
import type { Layer } from './layers.js'
import { lookUp, type Lookup, type Setting } from './lookup.js'
import type { ConfigFault } from './problem.js'

/** The layers that are there before the target is known. */
export interface InitialLayers {
  readonly root: string
  readonly base: Layer
  readonly shared: Layer
  readonly local: Layer
  readonly process: Layer
  readonly flags: Layer
}

/** What decides which other layers are read. */
export interface TargetDecision {
  readonly nodeEnv: Lookup
  readonly target: Lookup
  readonly production: boolean
}

/**
 * NODE_ENV and ENV_TARGET: the command line, the process environment, env/.env outside production, env/.env.shared,
 * config/base.json; else their defaults. They cannot come from a layer that they choose.
 */
export function decideTarget({ root, base, shared, local, process, flags }: InitialLayers): TargetDecision {
  const always = { root, layers: [base, shared, process, flags] }
  const production = isProduction(lookUp(always, 'NODE_ENV'))
  const deciding = production ? always : { root, layers: [base, shared, local, process, flags] }
  const nodeEnv = lookUp(deciding, 'NODE_ENV')
  return {
    nodeEnv: useDefaultIfAbsent(nodeEnv, 'NODE_ENV'),
    target: lookUpTarget(deciding, nodeEnv),
    production,
  }
}

/** NODE_ENV and ENV_TARGET in layers that are read only once these are decided, and decided otherwise. */
export function lateSettingFaults(
  { nodeEnv, target }: TargetDecision,
  targetLayers: readonly Layer[],
): readonly ConfigFault[] {
  return targetLayers.flatMap(({ source, values }) =>
    [nodeEnv, target].flatMap((decided) => {
      const text = decided.kind === 'found' ? values[decided.name] : undefined
      return decided.kind !== 'found' || text === undefined || text === decided.text
        ? []
        : [lateSettingFault(decided.name, { text, source })]
    }),
  )
}

/** NODE_ENV=production in env/.env, which would then not be read. */
export function unreadProductionFaults({ nodeEnv, production }: TargetDecision): readonly ConfigFault[] {
  return !production && nodeEnv.kind === 'found' && isProduction(nodeEnv)
    ? [lateSettingFault('NODE_ENV', { text: nodeEnv.text, source: nodeEnv.source })]
    : []
}

function lateSettingFault(subject: string, { text, source }: { text: string; source: string }): ConfigFault {
  return {
    subject,
    source,
    problem: `is ${JSON.stringify(text)} in a layer that is chosen by ${subject}`,
    hint: 'expected in the process environment, env/.env.shared or config/base.json',
  }
}

function lookUpTarget(layers: Parameters<typeof lookUp>[0], nodeEnv: Lookup): Lookup {
  const target = lookUp(layers, 'ENV_TARGET')
  if (target.kind !== 'absent' || nodeEnv.kind !== 'found') return useDefaultIfAbsent(target, 'ENV_TARGET')
  const { text, layer, source } = nodeEnv
  return { kind: 'found', name: 'ENV_TARGET', text, layer, source: `NODE_ENV, ${source}` }
}

function useDefaultIfAbsent(lookup: Lookup, name: 'NODE_ENV' | 'ENV_TARGET'): Lookup {
  return lookup.kind === 'absent' ? defaultSetting(name) : lookup
}

function defaultSetting(name: 'NODE_ENV' | 'ENV_TARGET'): Setting {
  return { kind: 'found', name, text: configKeys[name].default, layer: 'default', source: 'default' }
}

function isProduction(lookup: Lookup): boolean {
  return lookup.kind === 'found' && lookup.text === 'production'
}
