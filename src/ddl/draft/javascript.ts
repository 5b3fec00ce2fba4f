import { toPrintable, toPrintableLines } from '../../core/text/printable.js'

/** Text as a template literal in JavaScript. */
export function templateLiteral(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')
  return `\`${toPrintableLines(escaped)}\``
}

/** Text as a string literal in JavaScript: in single quotes, or a template literal where something must be escaped. */
export function stringLiteral(text: string): string {
  return /['\\]/.test(text) || toPrintable(text) !== text ? templateLiteral(text) : `'${text}'`
}

/** Texts as an array literal in JavaScript: `['a', 'b']`. */
export function arrayLiteral(texts: readonly string[]): string {
  return `[${texts.map(stringLiteral).join(', ')}]`
}

/** Text on one line, for a comment. */
export function toOneLine(text: string): string {
  return toPrintable(text.replaceAll(/\s+/g, ' ').trim())
}

/** SQL as the argument of `knex.raw`, which treats an unescaped question mark as a binding. */
export function rawSqlArgument(sql: string): string {
  return templateLiteral(replaceEscapedQuestionMarks(sql).replaceAll('?', '\\?'))
}

/**
 * Knex removes backslashes before a question mark. A DO block in which PostgreSQL inserts the question marks keeps
 * them.
 */
function replaceEscapedQuestionMarks(sql: string): string {
  if (!sql.includes('\\?')) return sql
  let placeholder = '<question mark>'
  while (sql.includes(placeholder)) placeholder = `<${placeholder}>`
  const text = `${dollarQuoteWithTag('sql', sql.replaceAll('?', placeholder))}, '${placeholder}', chr(63)`
  return `DO ${dollarQuoteWithTag('do', `BEGIN EXECUTE replace(${text}); END`)}`
}

/** Text as a dollar-quoted string in SQL, with a tag that the text does not contain. */
function dollarQuoteWithTag(tag: string, text: string): string {
  return text.includes(`$${tag}$`) ? dollarQuoteWithTag(`${tag}_`, text) : `$${tag}$${text}$${tag}$`
}
