import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import ts from 'typescript'
import { impactRules } from '../src/core/impact/assess-impact.js'
import { nameOfKind, pluralOf } from '../src/core/model/describe.js'
import { ddlKinds } from '../src/ddl/kinds/registry.js'
import { catalogQueries } from '../src/postgres/introspect/queries/all.sql.js'

const root = fileURLToPath(new URL('../src', import.meta.url))

interface Source {
  /** Its path below src. */
  readonly path: string
  readonly text: string
  readonly nodes: readonly ts.Node[]
  /** What it imports, packages as they are called, files by their path below src. */
  readonly imports: readonly string[]
}

const sources: readonly Source[] = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .sort()
  .map(readSource)

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8')
  const nodes = descendants(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true))
  const imports = nodes.flatMap(importedBy).map((name) => located(path, name))
  return { path, text, nodes, imports }
}

function descendants(node: ts.Node): readonly ts.Node[] {
  const children: ts.Node[] = []
  ts.forEachChild(node, (child) => void children.push(child))
  return [node, ...children.flatMap(descendants)]
}

/** The name a declaration, an `import()` or an import type imports. */
function importedBy(node: ts.Node): readonly string[] {
  const name =
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
      ? node.moduleSpecifier
      : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
        ? node.arguments[0]
        : ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
          ? node.argument.literal
          : undefined
  return name !== undefined && ts.isStringLiteral(name) ? [name.text] : []
}

function located(path: string, name: string): string {
  return name.startsWith('.') ? relative(root, join(root, dirname(path), name)).replace(/\.js$/, '.ts') : name
}

/** The places where a rule is broken: `core/diff.ts:12 text`. */
function places(broken: (node: ts.Node) => boolean): readonly string[] {
  return sources.flatMap(({ path, nodes }) =>
    nodes.filter(broken).map((node) => {
      const { line } = node.getSourceFile().getLineAndCharacterOfPosition(node.getStart())
      return `${path}:${line + 1} ${node.getText().split('\n', 1).join()}`
    }),
  )
}

/** The edges that must not be: imports of files of `from` that `allowed` does not have. */
function edges(from: RegExp, allowed: RegExp): readonly string[] {
  return sources
    .filter(({ path }) => from.test(path))
    .flatMap(({ path, imports }) =>
      imports.filter((name) => !allowed.test(name)).map((name) => `${path} imports ${name}`),
    )
}

t.test('arrows point one way', async (t) => {
  const outside = '(?!.*\\.ts$).*'
  t.strictSame(edges(/^core\//, /^core\/[a-z-]+\.ts$/), [], 'core imports nothing outside core')
  t.strictSame(edges(/^ddl\//, /^(?:ddl|core)\/[a-z/-]+\.ts$/), [], 'ddl imports nothing but core')
  t.strictSame(
    edges(/^postgres\//, new RegExp(`^(?:postgres/.*|core/.*|config/.*|errors\\.ts|${outside})$`)),
    [],
    'postgres knows core, configuration and errors',
  )
  t.strictSame(edges(/^postgres\//, /^(?!fastify|pino)/), [])
  t.strictSame(
    edges(/^config(?:\/|\.ts)/, new RegExp(`^(?:config/.*|core/.*|errors\\.ts|${outside})$`)),
    [],
    'configuration knows no database',
  )
  t.strictSame(edges(/^(?:http|fleet)\//, /^(?!cli\/|server\.ts)/), [], 'http and fleet are used, not users')
  t.strictSame(edges(/^(?!cli\/)/, /^(?!cli\/)/), [], 'nobody imports a command')
  t.strictSame(
    edges(/^(?!cli\/main\.ts)/, /^(?!server\.ts)/),
    [],
    'the process is started by the command line only',
  )
  t.strictSame(edges(/^/, /^(?!index\.ts)/), [], 'the public API is for others')
})

t.test('the core is pure: it knows neither process nor clock nor chance', async (t) => {
  const impure = /^(?:process|globalThis|fetch|setTimeout|setInterval|performance|Date|Math\.random|console)$/
  t.strictSame(
    places(
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
  t.strictSame(
    found.map(({ path }) => path).filter((path) => path !== 'server.ts' && path !== 'cli/main.ts'),
    [],
  )
})

t.test('the comparison of catalogs names no kind of object', async (t) => {
  const diff = sources.find(({ path }) => path === 'core/diff.ts')
  const words = (diff?.text ?? '').replaceAll(/\bfunction (?=\w+\()/g, '').split(/\W+/)
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
    kinds.filter((kind) => /_/.test(nameOfKind(kind) + pluralOf(kind))),
    [],
    'what people call it',
  )
})

t.test('every file fits on a few screens', async (t) => {
  const long = sources.filter(({ text }) => text.split('\n').length - 1 > 250)
  t.strictSame(
    long.map(({ path }) => path),
    [],
  )
  t.ok(sources.length > 100)
})

t.test('types are not silenced, and there is one class, the error', async (t) => {
  const isConst = (node: ts.AsExpression): boolean => node.type.getText() === 'const'
  t.strictSame(
    places((node) => node.kind === ts.SyntaxKind.AnyKeyword),
    [],
    'no any',
  )
  t.strictSame(places(ts.isNonNullExpression), [], 'no !')
  t.strictSame(
    places((node) => (ts.isAsExpression(node) && !isConst(node)) || ts.isTypeAssertionExpression(node)),
    [],
    'no as but as const',
  )
  t.strictSame(
    places((node) => ts.isClassLike(node) && node.name?.text !== 'SchemaError'),
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
