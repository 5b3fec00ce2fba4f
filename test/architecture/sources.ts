import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { descendants, importedBy } from './syntax.js'

const root = fileURLToPath(new URL('../../src', import.meta.url))

export interface Source {
  /** Its path below src. */
  readonly path: string
  readonly text: string
  readonly nodes: readonly ts.Node[]
  /** What it imports, packages by name, files by their path below src. */
  readonly imports: readonly string[]
}

/** Every TypeScript file below src, parsed. */
export const sources: readonly Source[] = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .sort()
  .map(readSource)

function readSource(path: string): Source {
  const text = readFileSync(join(root, path), 'utf8')
  const nodes = descendants(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true))
  const imports = nodes.flatMap(importedBy).map((name) => resolveImport(path, name))
  return { path, text, nodes, imports: [...new Set(imports)] }
}

function resolveImport(path: string, name: string): string {
  if (!name.startsWith('.')) return name
  const file = relative(root, join(root, dirname(path), name))
  const source = file.replace(/\.js$/, '.ts')
  return source.startsWith('service/knex-tables') ? source.replace(/\.ts$/, '.d.ts') : source
}

/** The places where a rule is broken: `core/model/diff.ts:12 text`. */
export function placesOf(isBroken: (node: ts.Node) => boolean): readonly string[] {
  return sources.flatMap(({ path, nodes }) =>
    nodes.filter(isBroken).map((node) => {
      const { line } = node.getSourceFile().getLineAndCharacterOfPosition(node.getStart())
      return `${path}:${line + 1} ${node.getText().split('\n', 1).join()}`
    }),
  )
}

/** The top-level declarations of a file: their names, and whether they are exported. */
export function declarationsOf({ nodes }: Source): readonly { name: string; exported: boolean }[] {
  return nodes
    .filter((node): node is ts.Statement => ts.isSourceFile(node.parent ?? node) && 'modifiers' in node)
    .flatMap((node) => {
      const exported =
        ts.canHaveModifiers(node) &&
        (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)
      return namesOf(node).map((name) => ({ name, exported }))
    })
}

function namesOf(node: ts.Node): readonly string[] {
  if (ts.isVariableStatement(node)) return node.declarationList.declarations.map(({ name }) => name.getText())
  const isNamed =
    ts.isFunctionDeclaration(node) ||
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isClassDeclaration(node)
  return isNamed && node.name !== undefined ? [node.name.text] : []
}

export interface DeclaredName {
  /** `core/model/diff.ts:12` */
  readonly place: string
  readonly name: string
  readonly isType: boolean
}

/** Every name that the source declares: of types, functions, variables, parameters and members. */
export const declaredNames: readonly DeclaredName[] = sources.flatMap(({ path, nodes }) =>
  nodes
    .filter(ts.isIdentifier)
    .filter(isDeclaration)
    .map((node) => ({
      place: `${path}:${node.getSourceFile().getLineAndCharacterOfPosition(node.getStart()).line + 1}`,
      name: node.text,
      isType: ts.isInterfaceDeclaration(node.parent) || ts.isTypeAliasDeclaration(node.parent),
    })),
)

/** Uses have a parent too whose name they are: a member that is read, a name that is imported or passed on. */
function isDeclaration(node: ts.Identifier): boolean {
  const { parent } = node
  const isUse =
    ts.isPropertyAccessExpression(parent) ||
    ts.isImportSpecifier(parent) ||
    ts.isExportSpecifier(parent) ||
    ts.isShorthandPropertyAssignment(parent) ||
    (ts.isBindingElement(parent) && parent.propertyName === undefined)
  return !isUse && 'name' in parent && parent.name === node
}
