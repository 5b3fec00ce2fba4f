/** What rows that are found mean for the revision. */
export type RowsEffect = 'fails' | 'may fail' | 'loses' | 'renames'

/** A question to the rows of one table, named as in SQL. */
export interface DataQuestion {
  readonly table: string
  /** What of the revision asks: `NOT NULL of public.songs.title`. */
  readonly about: string
  /** What the rows that are counted are: `rows with null`. */
  readonly rows: string
  readonly effect: RowsEffect
  /** Selects them from the table as `r`, with their keys as `key`: `select … as key from … where …`. */
  readonly source: (table: string, key: string) => string
}
