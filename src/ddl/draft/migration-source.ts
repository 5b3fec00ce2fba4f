/** What a migration is written in. */
export type Language = 'typescript' | 'module' | 'commonjs'

/** The contents of a migration file. */
export interface MigrationSource {
  /** Comments at its top, one a line. */
  readonly head: readonly string[]
  /** Why it cannot have a transaction, as lines of a comment; null where it can. */
  readonly withoutTransaction: readonly string[] | null
  readonly up: readonly string[]
  readonly down: readonly string[]
}

/** A migration that does nothing yet. */
export const emptyMigration: MigrationSource = { head: [], withoutTransaction: null, up: [], down: [] }

interface Forms {
  readonly imports: readonly string[]
  readonly config: string
  /** The line a function begins with. */
  readonly start: (name: string, parameter: string) => string
}

const esModule = (name: string, parameter: string): string => `export async function ${name}(${parameter}) {`

const languages: Readonly<Record<Language, Forms>> = {
  typescript: {
    imports: [`import type { Knex } from 'knex'`, ''],
    config: 'export const config',
    start: (name, parameter) => `export async function ${name}(${parameter}: Knex): Promise<void> {`,
  },
  module: { imports: [], config: 'export const config', start: esModule },
  commonjs: {
    imports: [],
    config: 'exports.config',
    start: (name, parameter) => `exports.${name} = async function (${parameter}) {`,
  },
}

/** The text of a migration file. */
export function migrationText(
  { head, withoutTransaction, up, down }: MigrationSource,
  language: Language,
): string {
  const { imports, config, start } = languages[language]
  const parts = [
    ...(head.length === 0 ? [] : [...head.map(comment), '']),
    ...imports,
    ...(withoutTransaction === null
      ? []
      : [...withoutTransaction.map(comment), `${config} = { transaction: false }`, '']),
    ...functionLines(start, 'up', up),
    '',
    ...functionLines(start, 'down', down),
  ]
  return `${parts.join('\n')}\n`
}

function functionLines(start: Forms['start'], name: string, lines: readonly string[]): readonly string[] {
  if (lines.length === 0) return [`${start(name, 'knex')}}`]
  const isUsed = lines.some((line) => /\bknex\b/.test(line) && !/^\s*(?:\/\/|throw )/.test(line))
  return [start(name, isUsed ? 'knex' : '_knex'), ...lines, '}']
}

function comment(line: string): string {
  return `// ${line}`
}
