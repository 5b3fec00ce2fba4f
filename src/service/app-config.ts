import fastifyEnv from '@fastify/env'
import type { FastifyInstance } from 'fastify'
import { type ConfigValues, keyIds, keyOf } from '../config/keys.js'
import { configFormats, configSchema } from '../config/validate.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** The validated configuration by key. A secret is read by its name; no listing, log line or JSON shows it. */
    readonly config: ConfigValues
  }
}

/**
 * Decorates the application with its configuration. The settings are texts by key, as the start validated them with the
 * same schema; relative paths start at `root`.
 */
export async function registerConfig(
  app: FastifyInstance,
  settings: Readonly<Record<string, string>>,
  root: string,
): Promise<void> {
  await app.register(fastifyEnv, {
    // A copy, because env-schema adds to the schema that it is given.
    schema: { ...configSchema },
    data: settings,
    env: false,
    ajv: {
      customOptions: (ajv) =>
        Object.entries(configFormats(root)).reduce(
          (extended, [name, isValid]) => extended.addFormat(name, isValid),
          ajv,
        ),
    },
  })
  for (const id of keyIds.filter((id) => keyOf(id).secret === true && id in app.config))
    Object.defineProperty(app.config, id, { enumerable: false })
}
