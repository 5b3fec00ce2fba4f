import graphile from 'graphile-migrate'

const logger = new graphile.Logger(() => () => {})
await graphile.migrate({
  connectionString: process.env.DATABASE_URL,
  migrationsFolder: 'graphile',
  logger,
})
