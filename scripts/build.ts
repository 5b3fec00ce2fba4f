import { rm } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { rolldown } from 'rolldown'
import { isCopied, licenseComment, replaceAjv } from './bundled-packages.js'

// Bundles the source into `dist`, or the folder that is given: a file for each part of a start, so that a process opens few
// files, and loads no package that only another command uses.

/** Each part is a file of these modules and all that they import, without what is in a part before it. */
const parts: Readonly<Record<string, readonly string[]>> = {
  entry: ['cli/compile-cache', 'cli/registry'],
  'command-line': ['cli/command-line'],
  check: ['cli/commands/check'],
  gate: ['gate/start-gate'],
  health: ['http/plugin'],
  server: ['service/server'],
  app: ['service/app'],
  'fleet-api': ['service/fleet-api'],
  migrate: [
    'cli/commands/migrate',
    'postgres/migrate/migrate',
    'postgres/migrate/seed',
    'project/migration-source',
  ],
  commands: ['(?!index|main|migrations/|cli/main|cli/compile-cache).*'],
}

const entries = {
  index: './src/index.ts',
  migrations: './src/migrations/index.ts',
  main: './src/main.ts',
  'cli/main': './src/cli/main.ts',
}

const [, , dir = 'dist'] = process.argv
await rm(dir, { recursive: true, force: true })
const bundle = await rolldown({
  input: entries,
  platform: 'node',
  external: (id, importer) => isPackage(id) && !isCopied(id, importer),
  plugins: [replaceAjv()],
  // A package that a part uses only for its types is not loaded with it.
  treeshake: { moduleSideEffects: 'no-external' },
  preserveEntrySignatures: 'allow-extension',
  checks: { ineffectiveDynamicImport: false },
})
await bundle.write({
  dir,
  chunkFileNames: 'chunks/[name].js',
  banner: ({ moduleIds }) => licenseComment(moduleIds),
  codeSplitting: {
    groups: Object.entries(parts).map(([name, modules], index, { length }) => ({
      name,
      test: new RegExp(`/src/(?:${modules.join('|')})\\.ts$`),
      priority: length - index,
    })),
  },
  sourcemap: true,
  sourcemapExcludeSources: true,
})
await bundle.close()

// Knex loads all migrations at the same time, and Node cannot require an ES module that is just being imported.
const required = await rolldown({ input: entries.migrations, platform: 'node' })
await required.write({
  file: `${dir}/migrations.cjs`,
  format: 'cjs',
  sourcemap: true,
  sourcemapExcludeSources: true,
})
await required.close()

function isPackage(id: string): boolean {
  return !id.startsWith('.') && !isAbsolute(id)
}
