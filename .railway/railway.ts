import { defineRailway, postgres, project, service } from 'railway/iac'

/**
 * `npm install` in this folder, with Node 22 or newer, then `railway config plan`, `railway config apply`, then `railway up`. It replaces railway.json, which Railway stops reading
 * on 2026-12-01; a service is managed by one of the two, so remove railway.json from the service's folder first.
 */
export default defineRailway(() => {
  const database = postgres('postgres')
  const schemagate = service('schemagate', {
    build: { builder: 'DOCKERFILE', dockerfilePath: 'Dockerfile' },
    // In a container of its own, before the new one starts: a failing migration leaves the running deployment alone.
    preDeploy: 'node dist/main.js migrate',
    // Migrates too, should the step before be left out. Railway runs it without a shell: node is PID 1, as in the image.
    start: 'node dist/main.js serve',
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
