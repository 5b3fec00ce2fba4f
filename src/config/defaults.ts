import { keyIds, keyOf } from './keys.js'
import { jsonLayer, layerOf, pickSettings, processEnvironment, type Layer } from './layers.js'

/** What defaults depend on. */
interface DefaultsContext {
  readonly root: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly production: boolean
  readonly target: string | undefined
}

/** Variables in which platforms tell the commit and the replica. The first that is set counts. */
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

/** The weakest layers: the defaults of the table, and above them those that depend on the surroundings. */
export function defaultLayers({ root, env, production, target }: DefaultsContext): readonly Layer[] {
  return [
    layerOf('default', Object.fromEntries(keyIds.map((id) => [id, keyOf(id).default ?? undefined]))),
    layerOf('default outside production', {
      ...(production ? {} : { HEALTH_DETAILS: 'always' }),
      // Whoever migrates production from elsewhere names it as the target, and rarely sets NODE_ENV.
      ...(production || target === 'production' ? {} : { ON_OUT_OF_ORDER: 'migrate' }),
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

function platformLayer(env: DefaultsContext['env'], key: keyof typeof platformVariables): Layer {
  const variable = platformVariables[key].find((name) => env[name] !== undefined && env[name] !== '')
  if (variable === undefined) return layerOf('platform', {})
  return layerOf(`${processEnvironment}, ${variable}`, { [key]: env[variable] })
}
