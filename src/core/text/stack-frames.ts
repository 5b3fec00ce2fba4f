/** Where a function of a stack was called: a path or a file URL, the line and the column, counted from 1. */
export interface StackFrame {
  readonly file: string
  readonly line: number
  readonly column: number
}

const framePattern =
  /^ *at (?:.*?\()?(?<file>(?:file:\/\/|\/|[A-Za-z]:[\\/])[^()]*?):(?<line>\d+):(?<column>\d+)\)?$/

/** The frames of a stack that are in files, innermost first. */
export function parseStack(stack: string): readonly StackFrame[] {
  return stack.split('\n').flatMap((text) => {
    const { file, line, column } = framePattern.exec(text)?.groups ?? {}
    return file === undefined ? [] : [{ file, line: Number(line), column: Number(column) }]
  })
}
