/** Quoted text and comments, in which a semicolon ends no statement, and semicolons. */
const tokenPattern = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|--[^\n]*|\/\*[\s\S]*?\*\/|;/g

/**
 * The statements of a script, without comments. Sufficient for statements that cannot share a transaction, not for all
 * SQL.
 */
export function splitStatements(sql: string): readonly string[] {
  const statements = ['']
  let end = 0
  for (const { 0: token, index } of sql.matchAll(tokenPattern)) {
    const kept = sql.slice(end, index) + (/^(--|\/\*|;)/.test(token) ? ' ' : token)
    statements.push(`${statements.pop() ?? ''}${kept}`)
    if (token === ';') statements.push('')
    end = index + token.length
  }
  statements.push(`${statements.pop() ?? ''}${sql.slice(end)}`)
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '')
}
