/**
 * What a terminal or a reader of lines would act on instead of showing it: control characters, separators of lines, and
 * what turns the direction of writing around or has no width.
 */
const unprintable = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

const shortEscapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** A text as one line that shows all that is in it: names can have line breaks and what terminals obey. */
export function toPrintable(text: string): string {
  return text.replaceAll(unprintable, escapeCharacter)
}

/** The same for a text of several lines, which stay lines, and whose tabs stay. */
export function toPrintableLines(text: string): string {
  return text.replaceAll(unprintable, (character) =>
    /[\n\t]/.test(character) ? character : escapeCharacter(character),
  )
}

function escapeCharacter(character: string): string {
  return shortEscapes[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
