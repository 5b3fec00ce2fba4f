import { defineRailway, postgres, project, service } from 'railway/iac'

/**
 * `railway config plan`, `railway config apply`, then `railway up`. It replaces railway.json, which Railway stops reading
 * on 2026-12-01; a service is managed by one of the two, so remove railway.json from the service's folder first.
 */
export default defineRailway(() => {
  const database = postgres('postgres')
  const schemagate = service('schemagate', {
    build: { builder: 'DOCKERFILE', dockerfilePath: 'Dockerfile' },
    // In a container of its own, before the new one starts: a failing migration leaves the running deployment alone.
    // No start command: it would replace the image's, which has node as PID 1.
    preDeploy: 'node dist/main.js migrate',
    // Asked only while deploying, on PORT, until it answers 200. `warn` is a 200.
    healthcheck: '/health/schema',
    healthcheckTimeout: 300,
    deploy: {
      overlapSeconds: 10,
      // Railway's own is 0, which is SIGKILL right after SIGTERM. Closing may take 20 s.
      drainingSeconds: 25,
      restartPolicyType: 'ON_FAILURE',
      restartPolicyMaxRetries: 3,
    },
    env: { DATABASE_URL: database.env.DATABASE_URL },
  })
  return project('schemagate', { resources: [database, schemagate] })
})
