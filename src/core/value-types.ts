/** What rows, inserts and updates are made of besides TypeScript's own types: the source of each, by name. */
export const valueTypes: Readonly<Record<string, string>> = {
  Sql: `/** A value that PostgreSQL computes. */
export type Sql = Knex.Raw | Knex.QueryBuilder`,
  Json: `export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }`,
  JsonInput: `/** An object, or JSON text. An array has to be text: node-postgres takes it for an array of PostgreSQL. */
export type JsonInput =
  | string
  | number
  | boolean
  | { readonly [key: string]: unknown }
  | (object & { readonly [Symbol.iterator]?: never; readonly [Symbol.toPrimitive]?: never })`,
  Interval: `export interface Interval {
  years?: number
  months?: number
  days?: number
  hours?: number
  minutes?: number
  seconds?: number
  milliseconds?: number
  toPostgres(): string
  toISO(): string
  toISOString(): string
}`,
  Point: `export interface Point {
  x: number
  y: number
}`,
  Circle: `export interface Circle {
  x: number
  y: number
  radius: number
}`,
}

/** Those that a source names. */
export function usedValueTypes(source: string): readonly string[] {
  return Object.entries(valueTypes).flatMap(([name, text]) =>
    new RegExp(`\\b${name}\\b`).test(source) ? [text] : [],
  )
}
