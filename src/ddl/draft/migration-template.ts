import { type MigrationLanguage, syntaxByLanguage } from './migration-code.js'

/** The text of a new migration, which says what to think of. Whatever is in it can be deleted. */
export function renderTemplate(language: MigrationLanguage): string {
  const { imports, importHelpers, config, functionStart } = syntaxByLanguage[language]
  const verify = functionStart('verify', 'knex').replace('Promise<void>', 'Promise<boolean>')
  const lines = [
    ...imports,
    '// Runs in one transaction, which is verified before its commit. What it locks stays locked until then, and others',
    '// wait: few statements, and no work on many rows. `schemagate plan` shows the locks. Outside a transaction, for',
    '// CREATE INDEX CONCURRENTLY and for many rows, it has to bear being run twice:',
    `// ${config} = { transaction: false }`,
    `// ${importHelpers('createIndexSafely, ensureColumn, inBatches, setNotNullSafely')}`,
    '',
    functionStart('up', 'knex'),
    "  // await knex.schema.alterTable('songs', (table) => {",
    '  //   A column that is NOT NULL needs a default, or it fails where there are rows.',
    "  //   table.integer('plays').notNullable().defaultTo(0)",
    '  // })',
    '}',
    '',
    '// Brings the catalog back to what it was; `schemagate rehearse` tries it. Delete it where there is no way back.',
    functionStart('down', 'knex'),
    "  // await knex.schema.alterTable('songs', (table) => {",
    "  //   table.dropColumn('plays')",
    '  // })',
    '}',
    '',
    '// What it promises of rows: false, or an error, rolls it back. It can only read. With rows alone to change, say so:',
    `// ${config} = { changes: 'rows' }`,
    `// ${verify}`,
    "//   const [row] = await knex('songs').where('plays', '<', 0).limit(1)",
    '//   return row === undefined',
    '// }',
  ]
  return `${lines.join('\n')}\n`
}
