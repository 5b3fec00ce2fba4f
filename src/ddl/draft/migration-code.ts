/** The language of a migration file: TypeScript, or JavaScript as an ES module or CommonJS. */
export type MigrationLanguage = 'typescript' | 'module' | 'commonjs'

/** The contents of a migration file. */
export interface MigrationCode {
  /** The lines of the comment at the top. */
  readonly headerComment: readonly string[]
  /** The lines of the comment that says why it runs without a transaction; null where it runs in one. */
  readonly noTransactionComment: readonly string[] | null
  readonly up: readonly string[]
  readonly down: readonly string[]
}

const esModuleImport = (names: string): string => `import { ${names} } from 'schemagate/migrations'`

interface LanguageSyntax {
  readonly imports: readonly string[]
  /** The import of what schemagate has for migrations. */
  readonly importHelpers: (names: string) => string
  readonly config: string
  /** The first line of a function. */
  readonly functionStart: (name: string, parameter: string) => string
}

const esModuleFunction = (name: string, parameter: string): string =>
  `export async function ${name}(${parameter}) {`

export const syntaxByLanguage: Readonly<Record<MigrationLanguage, LanguageSyntax>> = {
  typescript: {
    imports: [`import type { Knex } from 'knex'`, ''],
    importHelpers: esModuleImport,
    config: 'export const config',
    functionStart: (name, parameter) => `export async function ${name}(${parameter}: Knex): Promise<void> {`,
  },
  module: {
    imports: [],
    importHelpers: esModuleImport,
    config: 'export const config',
    functionStart: esModuleFunction,
  },
  commonjs: {
    imports: [],
    importHelpers: (names) => `const { ${names} } = require('schemagate/migrations')`,
    config: 'exports.config',
    functionStart: (name, parameter) => `exports.${name} = async function (${parameter}) {`,
  },
}

/** The text of a migration file. */
export function renderMigration(
  { headerComment, noTransactionComment, up, down }: MigrationCode,
  language: MigrationLanguage,
): string {
  const { imports, config, functionStart } = syntaxByLanguage[language]
  const parts = [
    ...(headerComment.length === 0 ? [] : [...headerComment.map(toLineComment), '']),
    ...imports,
    ...(noTransactionComment === null
      ? []
      : [...noTransactionComment.map(toLineComment), `${config} = { transaction: false }`, '']),
    ...functionLines(functionStart, 'up', up),
    '',
    ...functionLines(functionStart, 'down', down),
  ]
  return `${parts.join('\n')}\n`
}

function functionLines(
  start: LanguageSyntax['functionStart'],
  name: string,
  lines: readonly string[],
): readonly string[] {
  if (lines.length === 0) return [`${start(name, 'knex')}}`]
  const isUsed = lines.some((line) => /\bknex\b/.test(line) && !/^\s*(?:\/\/|throw )/.test(line))
  return [start(name, isUsed ? 'knex' : '_knex'), ...lines, '}']
}

function toLineComment(line: string): string {
  return `// ${line}`
}
