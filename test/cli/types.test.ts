import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import knexFrom, { type Knex } from 'knex'
import pg from 'pg'
import { check as isFormatted } from 'prettier'
import t, { type Test } from 'tap'
import ts from 'typescript'
import { columnType } from '../../src/core/column-types.js'
import { tableTypes } from '../../src/core/table-types.js'
import { createDatabase, query } from '../support/database.js'
import { createProject, type Project } from '../support/project.js'

const style = { semi: false, singleQuote: true, printWidth: 110, trailingComma: 'all', parser: 'typescript' } as const
const options = { head: '001_all', command: 'schemagate types', searchPath: ['public'] }
const tolerated: ReadonlySet<string> = new Set()
const file = 'knex-tables.d.ts'

/** Without the signatures that refuse missing columns, which are always the same. */
const tablesOf = (source: string): string => source.slice(0, source.indexOf('\n/** A query that names'))

t.test('a promise without anything odd', async (t) => {
  const source = tableTypes(
    {
      catalog: {
        'enum:public.mood': { labels: ['sad', 'ok'] },
        'domain:public.positive': { type: 'numeric(12,2)', nullable: false, default: '1' },
        'table:public.songs': {},
        'column:public.songs.id': { type: 'bigint', nullable: false, identity: 'always', $position: 1 },
        'column:public.songs.title': { type: 'character varying(200)', nullable: false, $position: 2 },
        'column:public.songs.mood': { type: 'public.mood', nullable: true, $position: 4 },
        'column:public.songs.moods': { type: 'public.mood[]', nullable: false, $position: 5 },
        'column:public.songs.price': { type: 'public.positive', nullable: true, $position: 6 },
        'column:public.songs.added': {
          type: 'timestamp(3) with time zone',
          nullable: false,
          default: 'now()',
          $position: 3,
        },
        'column:public.songs.token': { type: 'uuid', nullable: false },
        'column:public.songs.words': {
          type: 'integer',
          nullable: false,
          generated: 'stored: length(title)',
          $position: 7,
        },
        'column:public.songs.late': { type: 'jsonb', nullable: false, valid: false, $position: 8 },
        'table:audit.songs': {},
        'column:audit.songs.song': { type: 'bigint', nullable: false, identity: 'by default' },
        'view:public.titles': { definition: 'select', columns: ['title text', '"other ""name""" numeric(12,2)[]'] },
        'materialized_view:public.totals': { definition: 'select', columns: ['total bigint'] },
        'view:public.unread': { definition: 'select' },
        'constraint:public.songs.songs_pkey': { type: 'primary key' },
      },
      undetermined: { 'column:public.songs.token': ['default'] },
      tolerated,
    },
    options,
  )
  t.equal(
    tablesOf(source),
    `// Made by \`schemagate types\` from the snapshot at head 001_all; do not edit.
import type { Knex } from 'knex'

/** A value that PostgreSQL computes. */
export type Sql = Knex.Raw | Knex.QueryBuilder

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/** An object, or JSON text. An array has to be text: node-postgres takes it for an array of PostgreSQL. */
export type JsonInput =
  | string
  | number
  | boolean
  | (object & { readonly [Symbol.iterator]?: never; readonly [Symbol.toPrimitive]?: never })

export type Mood = 'sad' | 'ok'

export interface AuditSongsRow {
  song: string
}

export interface AuditSongsInsert {
  song?: bigint | number | string | Sql
}

export type AuditSongsUpdate = Partial<AuditSongsInsert>

export interface SongsRow {
  token: string
  id: string
  title: string
  added: Date
  mood: Mood | null
  moods: string
  price: string
  words: number
  late: Json
}

export interface SongsInsert {
  token?: string | Sql
  id?: never
  title: string | Sql
  added?: Date | string | Sql
  mood?: Mood | null | Sql
  moods: readonly (Mood | null)[] | string | Sql
  price?: bigint | number | string | Sql
  words?: never
  late: JsonInput | Sql
}

export type SongsUpdate = Partial<SongsInsert>

export interface TitlesRow {
  title: string | null
  'other "name"': number[] | null
}

export interface TitlesInsert {
  title?: string | null | Sql
  'other "name"'?: readonly (bigint | number | string | null)[] | string | null | Sql
}

export type TitlesUpdate = Partial<TitlesInsert>

export interface TotalsRow {
  total: string | null
}

declare module 'knex/types/tables.js' {
  interface Tables {
    'audit.songs': Knex.CompositeTableType<AuditSongsRow, AuditSongsInsert, AuditSongsUpdate>
    songs: Knex.CompositeTableType<SongsRow, SongsInsert, SongsUpdate>
    titles: Knex.CompositeTableType<TitlesRow, TitlesInsert, TitlesUpdate>
    totals: Knex.CompositeTableType<TotalsRow, never, never>
  }
}
`,
  )
  t.ok(await isFormatted(source, style))
})
