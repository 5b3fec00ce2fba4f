import t from 'tap'
import ts from 'typescript'
import { impactRules } from '../../src/core/impact/assess-impact.js'
import { nameOfKind, pluralOfKind } from '../../src/core/text/format.js'
import { ddlKinds } from '../../src/ddl/kinds/registry.js'
import { catalogQueries } from '../../src/postgres/introspect/queries/catalog-queries.js'
import { declarationsOf, placesOf, sources } from './sources.js'

t.test('the core is pure: it knows neither process nor clock nor chance', async (t) => {
  const impure = /^(?:process|globalThis|fetch|setTimeout|setInterval|performance|Date|Math\.random|console)$/
  t.strictSame(
    placesOf(
      (node) =>
        node.getSourceFile().fileName.startsWith('core/') &&
        (ts.isIdentifier(node) || ts.isPropertyAccessExpression(node)) &&
        impure.test(node.getText()),
    ),
    [],
  )
})

t.test('only the process reads environment and arguments, and ends itself', async (t) => {
  const owned = /^process\.(?:env|argv|exit|exitCode|abort)$/
  const found = sources.filter(({ nodes }) =>
    nodes.some(
      (node) =>
        (ts.isPropertyAccessExpression(node) && owned.test(node.getText())) ||
        (ts.isVariableDeclaration(node) && node.initializer?.getText() === 'process') ||
        (ts.isImportDeclaration(node) && /^'(?:node:)?process'$/.test(node.moduleSpecifier.getText())),
    ),
  )
  // A migration may end the process of a library user, which must not look like a success; one that is replayed finds the
  // scratch database in its environment.
  const owners = [
    'service/server.ts',
    'cli/command-line.ts',
    'cli/early-exit.ts',
    'postgres/migrate/process-exit.ts',
    'postgres/scratch/environment.ts',
  ]
  t.strictSame(
    found.map(({ path }) => path).filter((path) => !owners.includes(path)),
    [],
  )
})

t.test('the comparison of catalogs names no kind of object', async (t) => {
  const diff = sources.find(({ path }) => path === 'core/model/diff.ts')
  const words = (diff?.text ?? '').replaceAll(/\bfunction\*? (?=\w+\()/g, '').split(/\W+/)
  const kinds = catalogQueries([]).map(({ kind }) => kind)
  t.strictSame(
    kinds.filter((kind) => words.some((word) => word.toLowerCase().startsWith(kind))),
    [],
  )
  t.ok(words.includes('Difference'))
})

t.test('every kind that the catalog reads has its impact and its SQL, and no other has', async (t) => {
  const kinds = catalogQueries([]).map(({ kind }) => kind)
  t.equal(new Set(kinds).size, kinds.length)
  t.strictSame(Object.keys(impactRules).sort(), [...kinds].sort(), 'what a difference means')
  t.strictSame(Object.keys(ddlKinds).sort(), [...kinds].sort(), 'how it is written as SQL')
  t.strictSame(
    kinds.filter((kind) => /_/.test(nameOfKind(kind) + pluralOfKind(kind))),
    [],
    'what people call it',
  )
})

t.test('types are not silenced, and there is one class, the error', async (t) => {
  const isConst = (node: ts.AsExpression): boolean => node.type.getText() === 'const'
  t.strictSame(
    placesOf((node) => node.kind === ts.SyntaxKind.AnyKeyword),
    [],
    'no any',
  )
  t.strictSame(placesOf(ts.isNonNullExpression), [], 'no !')
  t.strictSame(
    placesOf((node) => (ts.isAsExpression(node) && !isConst(node)) || ts.isTypeAssertionExpression(node)),
    [],
    'no as but as const',
  )
  t.strictSame(
    placesOf((node) => ts.isClassLike(node) && node.name?.text !== 'SchemaError'),
    [],
    'no class',
  )
  const comments = sources.filter(({ text }) => /@ts-|(?:eslint|oxlint)-disable/.test(text))
  t.strictSame(
    comments.map(({ path }) => path),
    [],
    'no comment that silences a tool',
  )
})

t.test('no exported name has two owners', async (t) => {
  const owners = new Map<string, string[]>()
  for (const source of sources)
    for (const { name, exported } of declarationsOf(source))
      if (exported) owners.set(name, [...(owners.get(name) ?? []), source.path])
  // Each command exports the function that runs it under this name.
  owners.delete('run')
  t.strictSame(
    [...owners].filter(([, paths]) => paths.length > 1),
    [],
  )
  t.ok(owners.size > 500)
})
