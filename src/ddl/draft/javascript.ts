import { visible, visibleLines } from '../../core/text/printable.js'

/** A text as a template literal of JavaScript. */
export function template(text: string): string {
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')
  return `\`${visibleLines(escaped)}\``
}

/** A text as a string of JavaScript: in single quotes if nothing in it has to be escaped. */
export function quoted(text: string): string {
  return /['\\]/.test(text) || visible(text) !== text ? template(text) : `'${text}'`
}

/** A list of texts: `['a', 'b']`. */
export function quotedList(texts: readonly string[]): string {
  return `[${texts.map(quoted).join(', ')}]`
}

/** A text on one line, as a comment takes it. */
export function oneLine(text: string): string {
  return visible(text.replaceAll(/\s+/g, ' ').trim())
}

/** SQL as the argument of `knex.raw`: Knex takes a bare question mark for a binding. */
export function rawText(sql: string): string {
  return template(withoutEscapedMarks(sql).replaceAll('?', '\\?'))
}

/** Knex takes the backslashes ahead of a question mark for its own, and drops them: PostgreSQL has to put the mark in. */
function withoutEscapedMarks(sql: string): string {
  if (!sql.includes('\\?')) return sql
  let mark = '<question mark>'
  while (sql.includes(mark)) mark = `<${mark}>`
  const text = `${inDollars('sql', sql.replaceAll('?', mark))}, '${mark}', chr(63)`
  return `DO ${inDollars('do', `BEGIN EXECUTE replace(${text}); END`)}`
}

/** A string of SQL in which nothing is escaped, between words that are not in it. */
function inDollars(word: string, text: string): string {
  return text.includes(`$${word}$`) ? inDollars(`${word}_`, text) : `$${word}$${text}$${word}$`
}
