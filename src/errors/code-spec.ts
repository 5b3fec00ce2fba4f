/** What an error code means: the exit code of a command that ends with it, and two texts for docs/errors.md. */
export interface CodeSpec {
  readonly exit: number
  readonly meaning: string
  /** What to do about it. One code, one fix. */
  readonly fix: string
}
