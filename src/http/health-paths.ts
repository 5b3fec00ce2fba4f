/** When to try again after a 503, in seconds. */
export const healthRetryAfter = '10'

/** The routes of the plugin. */
export const healthPaths = {
  live: '/health/live',
  startup: '/health/startup',
  ready: '/health/ready',
  schema: '/health/schema',
} as const

/** The routes that still answer while the gate refuses. */
export const unguardedPaths: readonly string[] = [healthPaths.live, healthPaths.schema]
