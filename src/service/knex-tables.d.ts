// Made by `schemagate types --out src/service/knex-tables.d.ts` from the snapshot at head 20261121090500_index_fleet_reports; do not edit.
import type { Knex } from 'knex'

/** A value that PostgreSQL computes. */
export type Sql = Knex.Raw | Knex.QueryBuilder

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** An object, or JSON text. Pass an array as JSON text: node-postgres sends it as a PostgreSQL array otherwise. */
export type JsonInput =
  | string
  | number
  | boolean
  | { readonly [key: string]: unknown }
  | (object & { readonly [Symbol.iterator]?: never; readonly [Symbol.toPrimitive]?: never })

export interface FleetReportsRow {
  id: string
  service: string
  environment: string
  instance: string
  status: string
  phase: string
  position: string | null
  current: string | null
  head: string | null
  pending: string[]
  unknown: string[]
  document: Json
  reported_at: Date
}

export interface FleetReportsInsert {
  id?: never
  service: string | Sql
  environment: string | Sql
  instance: string | Sql
  status: string | Sql
  phase: string | Sql
  position?: string | null | Sql
  current?: string | null | Sql
  head?: string | null | Sql
  pending: readonly (string | null)[] | string | Sql
  unknown: readonly (string | null)[] | string | Sql
  document: JsonInput | Sql
  reported_at?: Date | string | Sql
}

export type FleetReportsUpdate = Partial<FleetReportsInsert>

declare module 'knex/types/tables.js' {
  interface Tables {
    fleet_reports: Knex.CompositeTableType<FleetReportsRow, FleetReportsInsert, FleetReportsUpdate>
  }
}

/** A query that names a column which is not promised: it can be neither awaited nor extended. */
interface NotPromised<Name extends string> {
  then(column: Name): never
}

/** The columns of a promised table that can be read or written; any name if the table is not known. */
type ColumnsOf<TRecord, Scope extends 'base' | 'update'> =
  TRecord extends Knex.CompositeTableType<{}> ? KeysOf<TRecord[Scope]> : string
type KeysOf<T> = { [Name in keyof T]-?: [T[Name]] extends [undefined] ? never : Name }[keyof T]

/** A name as Knex accepts it (id, songs.id, id as key) if no such column exists; a name that is not known yet passes. */
type Missing<Name extends string, Column> = Name extends `${infer Source} as ${string}`
  ? Missing<Source, Column>
  : Name extends `${infer Source} AS ${string}`
    ? Missing<Source, Column>
    : Name extends `${infer Table}.${infer Source}`
      ? Table extends Knex.TableNames
        ? Missing<Source, ColumnsOf<Knex.TableType<Table>, 'base'>>
        : MissingIn<Table, Source>
      : Name extends '*' | Column
        ? never
        : {} extends { [Each in Name]: 1 }
          ? never
          : Name
type MissingIn<Schema extends string, Name extends string> = Name extends `${infer Table}.${infer Source}`
  ? `${Schema}.${Table}` extends infer Table extends Knex.TableNames
    ? Missing<Source, ColumnsOf<Knex.TableType<Table>, 'base'>>
    : never
  : never

/** A query can sort and group by its columns and by the aliases that it selects. */
type Sortable<TRecord, TSelection> = 0 extends 1 & TSelection
  ? string
  : TSelection extends { _keys: infer Keys; _aliases: infer Aliases; _intersectProps: infer More }
    ? [Keys, keyof Aliases, keyof More] extends [ColumnsOf<TRecord, 'base'>, never, never]
      ? ColumnsOf<TRecord, 'base'>
      : string
    : string
type One<TResult> = TResult extends (infer Each)[] ? Each : TResult

/** The type of `this`: never if no name is missing, so that the signature does not apply. */
type If<Name> = [Name] extends [never] ? never : unknown
type Read<TRecord, N extends string> = If<Missing<N, ColumnsOf<TRecord, 'base'>>>
type Write<TRecord, N extends string> = If<Missing<N, ColumnsOf<TRecord, 'update'>>>
type Sort<TRecord, TResult, N extends string> = If<Missing<N, Sortable<TRecord, One<TResult>>>>
type Joined<N extends string> = If<Missing<N, string>>
type Refused<TRecord, N extends string> =
  Missing<N, ColumnsOf<TRecord, 'base'>> extends infer Name extends string ? NotPromised<Name> : never

type Nested<TBuilder> = (this: TBuilder, builder: TBuilder) => NotPromised<string>
type Names<N extends string> = N | readonly N[]
type Aliases<N extends string> = { readonly [alias: string]: Names<N> }
type Selected<N extends string> = readonly (N | Aliases<N> | Knex.Raw | Knex.QueryBuilder)[]
type Place<N extends string> = N | { readonly column: N; readonly order?: string; readonly nulls?: string }
type Renamed = { readonly as: string }
type Places<N extends string> = N | readonly Place<N>[]
type Counted<N extends string> = readonly (N | Knex.Raw)[]

declare module 'knex' {
  namespace Knex {
    interface Where<TRecord, TResult> {
      (nested: Nested<QueryBuilder<TRecord, TResult>>): NotPromised<string>
      <N extends string>(this: Read<TRecord, N>, column: N, ...more: unknown[]): Refused<TRecord, N>
    }
    interface WhereNull<TRecord, TResult> {
      <N extends string>(this: Read<TRecord, N>, column: N, ...more: unknown[]): Refused<TRecord, N>
    }
    interface WhereBetween<TRecord, TResult> {
      <N extends string>(this: Read<TRecord, N>, column: N, ...more: unknown[]): Refused<TRecord, N>
    }
    interface WhereIn<TRecord, TResult> {
      <N extends string>(this: Read<TRecord, N>, names: Names<N>, ...more: unknown[]): Refused<TRecord, N>
    }
    interface Having<TRecord, TResult> {
      <N extends string>(this: Read<TRecord, N>, column: N, ...more: unknown[]): Refused<TRecord, N>
    }
    interface HavingNull<TRecord, TResult> {
      <N extends string>(this: Read<TRecord, N>, column: N, ...more: unknown[]): Refused<TRecord, N>
    }
    interface HavingRange<TRecord, TResult> {
      <N extends string>(this: Read<TRecord, N>, column: N, ...more: unknown[]): Refused<TRecord, N>
    }
    interface JsonExtract<TRecord, TResult> {
      <N extends string>(this: Read<TRecord, N>, column: N, ...more: unknown[]): Refused<TRecord, N>
    }
    interface JsonSet<TRecord, TResult> {
      <N extends string>(this: Read<TRecord, N>, column: N, ...more: unknown[]): Refused<TRecord, N>
    }
    interface JsonInsert<TRecord, TResult> {
      <N extends string>(this: Read<TRecord, N>, column: N, ...more: unknown[]): Refused<TRecord, N>
    }
    interface JsonRemove<TRecord, TResult> {
      <N extends string>(this: Read<TRecord, N>, column: N, ...more: unknown[]): Refused<TRecord, N>
    }
    interface Select<TRecord, TResult> {
      <N extends string>(this: Read<TRecord, N>, ...columns: Selected<N>): Refused<TRecord, N>
      <N extends string>(this: Read<TRecord, N>, columns: Selected<N>): Refused<TRecord, N>
    }
    interface Distinct<TRecord, TResult> {
      <N extends string>(this: Read<TRecord, N>, ...columns: Selected<N>): Refused<TRecord, N>
      <N extends string>(this: Read<TRecord, N>, columns: Selected<N>): Refused<TRecord, N>
    }
    interface AsymmetricAggregation<TRecord, TResult, TValue> {
      <N extends string>(this: Read<TRecord, N>, column: N, options: Renamed): Refused<TRecord, N>
      <N extends string>(this: Read<TRecord, N>, ...columns: Counted<N>): Refused<TRecord, N>
      <N extends string>(this: Read<TRecord, N>, aliases: Aliases<N>): Refused<TRecord, N>
    }
    interface TypePreservingAggregation<TRecord, TResult, TValue> {
      <N extends string>(this: Read<TRecord, N>, column: N, options: Renamed): Refused<TRecord, N>
      <N extends string>(this: Read<TRecord, N>, ...columns: Counted<N>): Refused<TRecord, N>
      <N extends string>(this: Read<TRecord, N>, aliases: Aliases<N>): Refused<TRecord, N>
    }
    interface DistinctOn<TRecord, TResult> {
      <N extends string>(this: Sort<TRecord, TResult, N>, ...columns: Selected<N>): NotPromised<N>
      <N extends string>(this: Sort<TRecord, TResult, N>, columns: Selected<N>): NotPromised<N>
    }
    interface GroupBy<TRecord, TResult> {
      <N extends string>(this: Sort<TRecord, TResult, N>, ...columns: Selected<N>): NotPromised<N>
      <N extends string>(this: Sort<TRecord, TResult, N>, columns: Selected<N>): NotPromised<N>
    }
    interface OrderBy<TRecord, TResult> {
      <N extends string>(this: Sort<TRecord, TResult, N>, by: Places<N>, ...more: unknown[]): NotPromised<N>
    }
    interface Join<TRecord, TResult> {
      <N extends string>(this: Joined<N>, table: unknown, ...columns: readonly N[]): NotPromised<N>
    }
    interface QueryInterface<TRecord, TResult> {
      pluck<N extends string>(this: Read<TRecord, N>, column: N): Refused<TRecord, N>
      returning<N extends string>(this: Read<TRecord, N>, names: Names<N>, more?: object): Refused<TRecord, N>
      onConflict<N extends string>(this: Read<TRecord, N>, names: Names<N>): Refused<TRecord, N>
      insert<N extends string>(this: Read<TRecord, N>, data: unknown, names: Names<N>): Refused<TRecord, N>
      update<N extends string>(this: Read<TRecord, N>, data: object, names: Names<N>): Refused<TRecord, N>
      update<N extends string>(this: Write<TRecord, N>, column: N, ...more: unknown[]): NotPromised<N>
      increment<N extends string>(this: Write<TRecord, N>, column: N, amount?: number): NotPromised<N>
      decrement<N extends string>(this: Write<TRecord, N>, column: N, amount?: number): NotPromised<N>
      del<N extends string>(this: Read<TRecord, N>, names: Names<N>, more?: object): Refused<TRecord, N>
      delete<N extends string>(this: Read<TRecord, N>, names: Names<N>, more?: object): Refused<TRecord, N>
    }
  }
}
