import { runner } from 'node-pg-migrate'

await runner({
  databaseUrl: process.env.DATABASE_URL,
  dir: 'sql',
  direction: 'up',
  migrationsTable: 'pgmigrations',
  log: () => {},
})
