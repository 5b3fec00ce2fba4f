/**
 * The message of a server error without the values that the statement or the table had: those of a data exception stand in
 * double quotes (`invalid input syntax for type integer: "…"`).
 */
export function redactMessageValues(code: string, message: string): string {
  return code.startsWith('22') ? message.replaceAll(/"[^"]*"/g, '"…"') : message
}

/**
 * The detail of a violated constraint without the row that violates it: `Key (email)=(…) already exists.`, `Failing row
 * contains (…).`, in whatever language the server says it.
 */
export function redactDetailValues(code: string, detail: string): string {
  if (!code.startsWith('23')) return detail
  return detail.includes(')=(') ? detail.replace(/\)=\([^]*\)/, ')=(…)') : detail.replace(/\([^]*\)/, '(…)')
}

/** Where an error happened, without the value that COPY read there. */
export function redactContextValues(where: string): string {
  return where.replaceAll(/^(COPY .*?): "[^]*?"$/gm, '$1')
}
