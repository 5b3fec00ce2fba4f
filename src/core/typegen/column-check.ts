/**
 * Signatures that come before Knex's own and take a call only if it names a column that is not promised: Knex's take
 * any text for a column. What they return can be neither awaited nor built upon, so that such a query does not compile.
 */
const types = `/** A query that names a column which is not promised: it can be neither awaited nor built upon. */
interface NotPromised<Name extends string> {
  then(column: Name): never
}

/** The columns of a promised table that can be read or written; any name where the table is not known. */
type ColumnsOf<TRecord, Scope extends 'base' | 'update'> =
  TRecord extends Knex.CompositeTableType<{}> ? KeysOf<TRecord[Scope]> : string
type KeysOf<T> = { [Name in keyof T]-?: [T[Name]] extends [undefined] ? never : Name }[keyof T]

/** A name as Knex takes it (id, songs.id, id as key) if there is no such column; what is not known yet passes. */
type Missing<Name extends string, Column> = Name extends \`\${infer Source} as \${string}\`
  ? Missing<Source, Column>
  : Name extends \`\${infer Source} AS \${string}\`
    ? Missing<Source, Column>
    : Name extends \`\${infer Table}.\${infer Source}\`
      ? Table extends Knex.TableNames
        ? Missing<Source, ColumnsOf<Knex.TableType<Table>, 'base'>>
        : MissingIn<Table, Source>
      : Name extends '*' | Column
        ? never
        : {} extends { [Each in Name]: 1 }
          ? never
          : Name
type MissingIn<Schema extends string, Name extends string> = Name extends \`\${infer Table}.\${infer Source}\`
  ? \`\${Schema}.\${Table}\` extends infer Table extends Knex.TableNames
    ? Missing<Source, ColumnsOf<Knex.TableType<Table>, 'base'>>
    : never
  : never

/** Sorting and grouping go by the names a query makes as well. */
type Sortable<TRecord, TSelection> = 0 extends 1 & TSelection
  ? string
  : TSelection extends { _keys: infer Keys; _aliases: infer Aliases; _intersectProps: infer More }
    ? [Keys, keyof Aliases, keyof More] extends [ColumnsOf<TRecord, 'base'>, never, never]
      ? ColumnsOf<TRecord, 'base'>
      : string
    : string
type One<TResult> = TResult extends (infer Each)[] ? Each : TResult

/** What \`this\` has to be: never a builder where no name is missing, and the signature does not apply. */
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
`

/** A method's name, empty for what is called itself; `this`; its parameters; its result. Or one of another form. */
type Signature = readonly [method: string, builder: string, parameters: string, result: string] | string

const read = 'Read<TRecord, N>'
const write = 'Write<TRecord, N>'
const sort = 'Sort<TRecord, TResult, N>'
const refused = 'Refused<TRecord, N>'
const notPromised = 'NotPromised<N>'

const reading: readonly Signature[] = [['', read, 'column: N, ...more: unknown[]', refused]]
const selecting: readonly Signature[] = [
  ['', read, '...columns: Selected<N>', refused],
  ['', read, 'columns: Selected<N>', refused],
]
const grouping: readonly Signature[] = [
  ['', sort, '...columns: Selected<N>', notPromised],
  ['', sort, 'columns: Selected<N>', notPromised],
]
const aggregating: readonly Signature[] = [
  ['', read, 'column: N, options: Renamed', refused],
  ['', read, '...columns: Counted<N>', refused],
  ['', read, 'aliases: Aliases<N>', refused],
]

/** The interfaces of Knex whose signatures name columns. */
const interfaces: Readonly<Record<string, readonly Signature[]>> = {
  Where: ['(nested: Nested<QueryBuilder<TRecord, TResult>>): NotPromised<string>', ...reading],
  WhereNull: reading,
  WhereBetween: reading,
  WhereIn: [['', read, 'names: Names<N>, ...more: unknown[]', refused]],
  Having: reading,
  HavingNull: reading,
  HavingRange: reading,
  JsonExtract: reading,
  JsonSet: reading,
  JsonInsert: reading,
  JsonRemove: reading,
  Select: selecting,
  Distinct: selecting,
  AsymmetricAggregation: aggregating,
  TypePreservingAggregation: aggregating,
  DistinctOn: grouping,
  GroupBy: grouping,
  OrderBy: [['', sort, 'by: Places<N>, ...more: unknown[]', notPromised]],
  Join: [['', 'Joined<N>', 'table: unknown, ...columns: readonly N[]', notPromised]],
  QueryInterface: [
    ['pluck', read, 'column: N', refused],
    ['returning', read, 'names: Names<N>, more?: object', refused],
    ['onConflict', read, 'names: Names<N>', refused],
    ['insert', read, 'data: unknown, names: Names<N>', refused],
    ['update', read, 'data: object, names: Names<N>', refused],
    ['update', write, 'column: N, ...more: unknown[]', notPromised],
    ['increment', write, 'column: N, amount?: number', notPromised],
    ['decrement', write, 'column: N, amount?: number', notPromised],
    ['del', read, 'names: Names<N>, more?: object', refused],
    ['delete', read, 'names: Names<N>, more?: object', refused],
  ],
}

/** TypeScript that is to stand in a file of table types, once, below the import of `Knex`. */
export const columnCheck: string = [
  types,
  "declare module 'knex' {",
  '  namespace Knex {',
  ...Object.entries(interfaces).flatMap(([name, signatures]) => [
    `    interface ${name}<${parametersOf(name)}> {`,
    ...signatures.map(signatureLine),
    '    }',
  ]),
  '  }',
  '}',
].join('\n')

/** They have to be called what Knex calls them. */
function parametersOf(name: string): string {
  return name.endsWith('Aggregation') ? 'TRecord, TResult, TValue' : 'TRecord, TResult'
}

function signatureLine(signature: Signature): string {
  if (typeof signature === 'string') return `      ${signature}`
  const [method, builder, parameters, result] = signature
  return `      ${method}<N extends string>(this: ${builder}, ${parameters}): ${result}`
}
