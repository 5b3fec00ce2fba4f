import type { TargetDecision } from './decide-target.js'
import { keyIds, keyOf } from './keys.js'
import { jsonLayer, layerOf, pickSettings, processEnvironment, type Layer } from './layers.js'

type Environment = Readonly<Record<string, string | undefined>>

/** Variables in which platforms name the commit and the replica. The first that is set counts. */
const platformVariables = {
  RELEASE: [
    'GIT_SHA',
    'RAILWAY_GIT_COMMIT_SHA',
    'HEROKU_BUILD_COMMIT',
    'HEROKU_SLUG_COMMIT',
    'RENDER_GIT_COMMIT',
    'SOURCE_VERSION',
  ],
  INSTANCE: ['RAILWAY_REPLICA_ID', 'DYNO', 'FLY_MACHINE_ID', 'HOSTNAME'],
} as const

/** The weakest layers: the defaults of the keys, then those that depend on target, package.json and platform. */
export function defaultLayers(
  root: string,
  env: Environment,
  { production, target }: TargetDecision,
): readonly Layer[] {
  return [
    layerOf('default', Object.fromEntries(keyIds.map((id) => [id, keyOf(id).default ?? undefined]))),
    layerOf('default outside production', {
      ...(production ? {} : { HEALTH_DETAILS: 'always' }),
      // A command that migrates production from another machine names the target, and rarely sets NODE_ENV.
      ...(production || target === 'production'
        ? {}
        : { ON_OUT_OF_ORDER: 'migrate', ON_UNVERIFIED: 'warn', ON_HAZARD: 'allow' }),
    }),
    packageLayer(root),
    platformLayer(env, 'RELEASE'),
    platformLayer(env, 'INSTANCE'),
  ]
}

function packageLayer(root: string): Layer {
  const { source, values, faults } = pickSettings(jsonLayer(root, 'package.json'), ['name', 'version'])
  const { name: SERVICE_NAME, version: SERVICE_VERSION } = values
  return { ...layerOf(source, { SERVICE_NAME, SERVICE_VERSION }), faults }
}

function platformLayer(env: Environment, key: keyof typeof platformVariables): Layer {
  const variable = platformVariables[key].find((name) => env[name] !== undefined && env[name] !== '')
  if (variable === undefined) return layerOf('platform', {})
  return layerOf(`${processEnvironment}, ${variable}`, { [key]: env[variable] })
}
