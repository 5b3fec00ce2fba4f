import { toPrintable } from './printable.js'

/** Whether two texts that differ may look the same on a screen. */
export function isVisiblySame(one: string, other: string): boolean {
  return visibleText(one) === visibleText(other)
}

function visibleText(text: string): string {
  return text
    .normalize('NFKC')
    .replaceAll(/[\p{Default_Ignorable_Code_Point}\p{Cf}]/gu, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

const excerptBefore = 20
const excerptAfter = 40

/** Both texts with all their characters, around the place where they begin to differ. */
export function exactExcerpts(one: string, other: string): readonly [string, string] {
  const at = firstDifference(one, other)
  return [exactExcerpt(one, at), exactExcerpt(other, at)]
}

function firstDifference(one: string, other: string): number {
  let at = 0
  while (at < one.length && one[at] === other[at]) at += 1
  return at
}

function exactExcerpt(text: string, at: number): string {
  const [start, end] = [Math.max(0, at - excerptBefore), at + excerptAfter]
  return `${start > 0 ? '…' : ''}"${escapeAllButAscii(text.slice(start, end))}"${end < text.length ? '…' : ''}`
}

function escapeAllButAscii(text: string): string {
  return toPrintable(
    text.replaceAll(/[^\0-~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )
}
