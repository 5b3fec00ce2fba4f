/**
 * How much of an unrecorded revision is in the database, as keys of the objects it changes: `done` are as promised after
 * it, `open` are not. `invalid` exist but are not valid, which is what an interrupted CREATE INDEX CONCURRENTLY leaves.
 */
export type Completion =
  | { readonly kind: 'unknown'; readonly why: string }
  | {
      readonly kind: 'unapplied' | 'partial' | 'applied'
      readonly done: readonly string[]
      readonly invalid: readonly string[]
      readonly open: readonly string[]
    }
