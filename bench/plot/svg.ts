type Attributes = Readonly<Record<string, string | number>>

/** An SVG element with text, or with elements. Numbers are rounded to tenths of a pixel. */
export function svg(name: string, attributes: Attributes, content: string | readonly string[] = []): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(rounded(value))}"`)
  const inner = typeof content === 'string' ? escape(content) : `\n${content.join('\n')}\n`
  const open = `<${name}${written.join('')}`
  return content.length === 0 ? `${open}/>` : `${open}>${inner}</${name}>`
}

function rounded(value: string | number): string {
  return typeof value === 'number' ? String(Math.round(value * 10) / 10) : value
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
