/** What a rule says of what it finds. */
export interface RuleText {
  /** After the name of what is found: `public.songs.data` is json. */
  readonly finds: string
  readonly because: string
  readonly safer: string
  /** A hazard is not allowed unless it is named; advice is told, and is refused only by name. */
  readonly kind: 'hazard' | 'advice'
}

/** A rule, and what of a revision it found. */
export interface RuleMatch<Name extends string> {
  readonly rule: Name
  readonly what: string
  /** The table that has to have rows for it to matter; left out where that does not count. */
  readonly table?: string
}
