const unitFactors: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** The limit of a Node timer, which fires at once when it is exceeded. */
const longestTimer = 2 ** 31 - 1

/** `500ms`, `60s`, `5m`, `1h` or a bare number of seconds, in milliseconds; NaN for any other text. */
export function parseDuration(text: string): number {
  const [, amount = NaN, unit = 's'] = /^(\d+)(ms|s|m|h)?$/.exec(text) ?? []
  return Number(amount) * (unitFactors[unit] ?? NaN)
}

/** Whether the text is a duration that a Node timer can wait for. */
export function isDuration(text: string): boolean {
  return parseDuration(text) <= longestTimer
}
