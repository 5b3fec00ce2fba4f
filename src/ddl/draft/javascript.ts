import { toPrintable, toPrintableLines } from '../../core/text/printable.js'

/** A text as a template literal of JavaScript. */
export function templateLiteral(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')
  return `\`${toPrintableLines(escaped)}\``
}

/** A text as a string of JavaScript: in single quotes if nothing in it has to be escaped. */
export function stringLiteral(text: string): string {
  return /['\\]/.test(text) || toPrintable(text) !== text ? templateLiteral(text) : `'${text}'`
}

/** A list of texts: `['a', 'b']`. */
export function arrayLiteral(texts: readonly string[]): string {
  return `[${texts.map(stringLiteral).join(', ')}]`
}

/** A text on one line, as a comment takes it. */
export function toOneLine(text: string): string {
  return toPrintable(text.replaceAll(/\s+/g, ' ').trim())
}

/** SQL as the argument of `knex.raw`: Knex takes a bare question mark for a binding. */
export function rawSqlArgument(sql: string): string {
  return templateLiteral(replaceEscapedQuestionMarks(sql).replaceAll('?', '\\?'))
}

/** Knex takes the backslashes ahead of a question mark for its own, and drops them: PostgreSQL has to put the mark in. */
function replaceEscapedQuestionMarks(sql: string): string {
  if (!sql.includes('\\?')) return sql
  let mark = '<question mark>'
  while (sql.includes(mark)) mark = `<${mark}>`
  const text = `${dollarQuoteWithTag('sql', sql.replaceAll('?', mark))}, '${mark}', chr(63)`
  return `DO ${dollarQuoteWithTag('do', `BEGIN EXECUTE replace(${text}); END`)}`
}

/** A string of SQL in which nothing is escaped, between words that are not in it. */
function dollarQuoteWithTag(word: string, text: string): string {
  return text.includes(`$${word}$`) ? dollarQuoteWithTag(`${word}_`, text) : `$${word}$${text}$${word}$`
}
