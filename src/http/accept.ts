/**
 * Whether an Accept header asks for HTML before JSON, as a browser does (RFC 9110): it names text/html or text/*, with a
 * quality above 0, and at least that of JSON.
 */
export function prefersHtml(accept: string | undefined): boolean {
  const ranges = parseAccept(accept ?? '')
  const html = qualityOf(ranges, ['text/html', 'text/*'])
  const json = Math.max(
    qualityOf(ranges, ['application/health+json', 'application/*', '*/*']),
    qualityOf(ranges, ['application/json', 'application/*', '*/*']),
  )
  return html > 0 && html >= json
}

/** Quality by media range, in lower case. */
function parseAccept(accept: string): ReadonlyMap<string, number> {
  return new Map(
    accept.split(',').map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
      const quality = parameters.find((parameter) => parameter.startsWith('q='))
      return [type, quality === undefined ? 1 : parseQuality(quality.slice(2))] as const
    }),
  )
}

function parseQuality(text: string): number {
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 0
}

/** The quality of the first of these ranges that is there: the most specific one counts. */
function qualityOf(ranges: ReadonlyMap<string, number>, names: readonly string[]): number {
  return names.map((name) => ranges.get(name)).find((quality) => quality !== undefined) ?? 0
}
