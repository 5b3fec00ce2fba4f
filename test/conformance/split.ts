/** What a semicolon in it does not end, and semicolons. */
const piece = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|--[^\n]*|\/\*[\s\S]*?\*\/|;/g

/** The statements of a text, without comments. Good enough for those that PostgreSQL wants alone, not for all SQL. */
export function splitStatements(text: string): readonly string[] {
  const statements = ['']
  let end = 0
  for (const { 0: found, index } of text.matchAll(piece)) {
    const kept = text.slice(end, index) + (/^(--|\/\*|;)/.test(found) ? ' ' : found)
    statements.push(`${statements.pop() ?? ''}${kept}`)
    if (found === ';') statements.push('')
    end = index + found.length
  }
  statements.push(`${statements.pop() ?? ''}${text.slice(end)}`)
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '')
}
