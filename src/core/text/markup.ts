import { toPrintable, toPrintableLines } from './printable.js'

/** A text as one line of Markdown that shows it as it is. */
export function escapeMarkdown(text: string): string {
  return toPrintable(text).replaceAll(/[\\`*_[\]<>|]/g, String.raw`\$&`)
}

/** A table in Markdown; each row has as many cells as there are titles. */
export function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`
  return [row(titles), row(titles.map(() => '---')), ...rows.map(row)].join('\n')
}

/** Lines as a block of code in Markdown. */
export function markdownBlock(text: string): string {
  return `\`\`\`\n${toPrintableLines(text).replaceAll('```', "'''")}\n\`\`\``
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** A text in XML, as an attribute or between tags. Control characters are not allowed in XML at all. */
export function escapeXml(text: string): string {
  return toPrintableLines(text).replaceAll(/[&<>"]/g, (character) => entities[character] ?? '')
}
