/**
 * Characters that a terminal or a line reader acts on instead of showing them: control characters, line separators,
 * characters that change the direction of writing, and characters without width.
 */
const unprintable = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** A text as one line, with what is not printable escaped: names in PostgreSQL can contain line breaks and terminal codes. */
export function toPrintable(text: string): string {
  return text.replaceAll(unprintable, escapeCharacter)
}

/** The same for a text of several lines: its line breaks and tabs stay. */
export function toPrintableLines(text: string): string {
  return text.replaceAll(unprintable, (character) =>
    /[\n\t]/.test(character) ? character : escapeCharacter(character),
  )
}

/** The same for a JSON text: its values stay, because JSON has the same escapes. Line breaks between values stay. */
export function toPrintableJson(json: string): string {
  return json.replaceAll(unprintable, (character) =>
    character === '\n' ? character : escapeCharacter(character),
  )
}

function escapeCharacter(character: string): string {
  return shortEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
