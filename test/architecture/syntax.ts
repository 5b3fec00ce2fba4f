import ts from 'typescript'

/** A node and everything below it. */
export function descendants(node: ts.Node): readonly ts.Node[] {
  const children: ts.Node[] = []
  ts.forEachChild(node, (child) => void children.push(child))
  return [node, ...children.flatMap(descendants)]
}

/** The name that a declaration, an `import()` or an import type imports; empty for every other node. */
export function importedBy(node: ts.Node): readonly string[] {
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
