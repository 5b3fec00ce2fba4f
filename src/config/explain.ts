import { text } from './value-types.js'
import { keyIds, keyOf } from './keys.js'
import type { Config, ConfigEntry } from './types.js'

export interface ConfigDocument {
  readonly root: string
  readonly target: string
  readonly production: boolean
  readonly entries: readonly ConfigEntry[]
}

/** The effective values as an aligned table of key, value and source, for people. Holds no secret. */
export function renderConfig({ entries }: Config): string {
  const rows = [['key', 'value', 'source'], ...entries.map(({ key, value, source }) => [key, value, source])]
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n')
}

/** The same for machines. Holds no secret. */
export function configDocument({ root, target, production, entries }: Config): ConfigDocument {
  return { root, target, production, entries }
}

/** The table of keys in Markdown, for docs/configuration.md. */
export function configReference(): string {
  const rows = keyIds.map((id) => {
    const { default: value, otherwise, description, expected } = keyOf(id)
    const shown = otherwise ?? (value === null ? 'none' : `\`${value}\``)
    const takes = expected === text.expected ? '' : ` Takes ${expected}.`
    return `| \`${id}\` | ${shown} | ${description}${takes} |`
  })
  return ['| key | default | meaning |', '|---|---|---|', ...rows].join('\n')
}
