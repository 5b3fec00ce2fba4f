/**
 * Overloads that come before Knex's own and match a call only if it names a column that is not promised, because Knex
 * accepts any string as a column. Their result can be neither awaited nor extended, so such a query does not compile.
 */
const typeDeclarations = `/** A query that names a column which is not promised: it can be neither awaited nor extended. */
interface NotPromised<Name extends string> {
  then(column: Name): never
}

/** The columns of a promised table that can be read or written; any name if the table is not known. */
type ColumnsOf<TRecord, Scope extends 'base' | 'update'> =
  TRecord extends Knex.CompositeTableType<{}> ? KeysOf<TRecord[Scope]> : string
type KeysOf<T> = { [Name in keyof T]-?: [T[Name]] extends [undefined] ? never : Name }[keyof T]

/** A name as Knex accepts it (id, songs.id, id as key) if no such column exists; a name that is not known yet passes. */
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

/** A query can sort and group by its columns and by the aliases that it selects. */
type Sortable<TRecord, TSelection> = 0 extends 1 & TSelection
  ? string
  : TSelection extends { _keys: infer Keys; _aliases: infer Aliases; _intersectProps: infer More }
    ? [Keys, keyof Aliases, keyof More] extends [ColumnsOf<TRecord, 'base'>, never, never]
      ? ColumnsOf<TRecord, 'base'>
      : string
    : string
type One<TResult> = TResult extends (infer Each)[] ? Each : TResult

/** The type of \`this\`: never if no name is missing, so that the signature does not apply. */
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

/** The name of a method (empty for a call signature), its `this`, parameters and result; or the whole signature as text. */
type Signature = readonly [method: string, builder: string, parameters: string, result: string] | string

const readThis = 'Read<TRecord, N>'
const writeThis = 'Write<TRecord, N>'
const sortThis = 'Sort<TRecord, TResult, N>'
const refusedResult = 'Refused<TRecord, N>'
const notPromisedResult = 'NotPromised<N>'

const readSignatures: readonly Signature[] = [['', readThis, 'column: N, ...more: unknown[]', refusedResult]]
const selectSignatures: readonly Signature[] = [
  ['', readThis, '...columns: Selected<N>', refusedResult],
  ['', readThis, 'columns: Selected<N>', refusedResult],
]
const groupSignatures: readonly Signature[] = [
  ['', sortThis, '...columns: Selected<N>', notPromisedResult],
  ['', sortThis, 'columns: Selected<N>', notPromisedResult],
]
const aggregateSignatures: readonly Signature[] = [
  ['', readThis, 'column: N, options: Renamed', refusedResult],
  ['', readThis, '...columns: Counted<N>', refusedResult],
  ['', readThis, 'aliases: Aliases<N>', refusedResult],
]

/** The interfaces of Knex whose signatures take names of columns. */
const signaturesByInterface: Readonly<Record<string, readonly Signature[]>> = {
  Where: ['(nested: Nested<QueryBuilder<TRecord, TResult>>): NotPromised<string>', ...readSignatures],
  WhereNull: readSignatures,
  WhereBetween: readSignatures,
  WhereIn: [['', readThis, 'names: Names<N>, ...more: unknown[]', refusedResult]],
  Having: readSignatures,
  HavingNull: readSignatures,
  HavingRange: readSignatures,
  JsonExtract: readSignatures,
  JsonSet: readSignatures,
  JsonInsert: readSignatures,
  JsonRemove: readSignatures,
  Select: selectSignatures,
  Distinct: selectSignatures,
  AsymmetricAggregation: aggregateSignatures,
  TypePreservingAggregation: aggregateSignatures,
  DistinctOn: groupSignatures,
  GroupBy: groupSignatures,
  OrderBy: [['', sortThis, 'by: Places<N>, ...more: unknown[]', notPromisedResult]],
  Join: [['', 'Joined<N>', 'table: unknown, ...columns: readonly N[]', notPromisedResult]],
  QueryInterface: [
    ['pluck', readThis, 'column: N', refusedResult],
    ['returning', readThis, 'names: Names<N>, more?: object', refusedResult],
    ['onConflict', readThis, 'names: Names<N>', refusedResult],
    ['insert', readThis, 'data: unknown, names: Names<N>', refusedResult],
    ['update', readThis, 'data: object, names: Names<N>', refusedResult],
    ['update', writeThis, 'column: N, ...more: unknown[]', notPromisedResult],
    ['increment', writeThis, 'column: N, amount?: number', notPromisedResult],
    ['decrement', writeThis, 'column: N, amount?: number', notPromisedResult],
    ['del', readThis, 'names: Names<N>, more?: object', refusedResult],
    ['delete', readThis, 'names: Names<N>, more?: object', refusedResult],
  ],
}

/** The TypeScript of these signatures, for a file that imports `Knex`. */
export const columnCheck: string = [
  typeDeclarations,
  "declare module 'knex' {",
  '  namespace Knex {',
  ...Object.entries(signaturesByInterface).flatMap(([name, signatures]) => [
    `    interface ${name}<${typeParametersOf(name)}> {`,
    ...signatures.map(signatureLine),
    '    }',
  ]),
  '  }',
  '}',
].join('\n')

/** Declarations of an interface merge only if their type parameters have the same names. */
function typeParametersOf(name: string): string {
  return name.endsWith('Aggregation') ? 'TRecord, TResult, TValue' : 'TRecord, TResult'
}

function signatureLine(signature: Signature): string {
  if (typeof signature === 'string') return `      ${signature}`
  const [method, builder, parameters, result] = signature
  return `      ${method}<N extends string>(this: ${builder}, ${parameters}): ${result}`
}
