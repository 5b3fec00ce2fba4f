import { existsSync } from 'node:fs'
import { basename, dirname, extname, join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { causesOf } from '../core/text/causes.js'
import { codeFrame } from '../core/text/code-frame.js'
import { parseStack, type StackFrame } from '../core/text/stack-frames.js'
import type { ErrorFact } from '../errors/schema-error.js'
import { originalPosition, pathOfFrame, type SourcePosition } from './original-position.js'
import { supportedExtensions } from './read-knexfile.js'
import { revisionOf } from './revision-name.js'

/**
 * The lines of the project that an error came from, as facts with the lines around them: the innermost one, and the line of the
 * migration or seed of this name where that called somebody else's. Empty where the stack of the error has none.
 */
export function lineFacts(error: unknown, name: string): readonly ErrorFact[] {
  for (const frames of causesOf(error).toReversed().flatMap(stacksOf)) {
    const found = projectLines(frames, name)
    if (found === null) continue
    const { innermost, caller } = found
    return [
      ['at', describeLine(innermost)],
      ...(caller === null ? [] : [['called at', describeLine(caller)] as const]),
    ]
  }
  return []
}

/**
 * The line of the project from which a stack comes: `migrations/001_songs.ts:12`, and the line of the migration of this name
 * where that called somebody else's. Null where the stack has none.
 */
export function lineOfStack(stack: string, name: string): string | null {
  const found = projectLines(parseStack(stack), name)
  if (found === null) return null
  const { innermost, caller } = found
  const called = caller === null ? '' : `, called at ${nameLine(locate(caller))}`
  return `${nameLine(locate(innermost))}${called}`
}

interface ProjectLines {
  readonly innermost: StackFrame
  /** In the migration, where that called another file. */
  readonly caller: StackFrame | null
}

function projectLines(frames: readonly StackFrame[], name: string): ProjectLines | null {
  const found = projectFrames(frames, name)
  const [innermost] = found
  if (innermost === undefined) return null
  const own = found.find((frame) => isOf(name, frame))
  return { innermost, caller: own === undefined || own.file === innermost.file ? null : own }
}

/** Where it was thrown, and where Knex was asked for the statement that failed, which it then shows as the stack. */
function stacksOf(error: unknown): readonly (readonly StackFrame[])[] {
  if (!(error instanceof Error)) return []
  return [
    stackLines(() => ('originalStack' in error ? error.originalStack : ''), error),
    stackLines(() => error.stack, error),
  ]
}

/** A stack can be anything that somebody has put there, and its message can hold lines that look like frames. */
function stackLines(read: () => unknown, error: Error): readonly StackFrame[] {
  try {
    const stack = String(read())
    const start = stack.indexOf(error.message)
    return parseStack(start < 0 ? stack : stack.slice(start + error.message.length))
  } catch {
    return []
  }
}

/** Our own code, which calls that of the project. */
const ownFolder = fileURLToPath(new URL('../', import.meta.url))

/** It is between the project and the driver. */
const scopeModule = join(ownFolder, 'postgres', 'session', 'statement-scope')

/** The frames in files of the project, innermost first, up to where we called it. */
function projectFrames(frames: readonly StackFrame[], name: string): readonly StackFrame[] {
  const located = frames
    .map((frame) => ({ ...frame, file: pathOfFrame(frame) }))
    .filter(({ file }) => !file.startsWith(scopeModule))
  const end = located.findIndex((frame) => frame.file.startsWith(ownFolder) && !isOf(name, frame))
  return located
    .slice(0, end < 0 ? located.length : end)
    .filter(
      ({ file }) => supportedExtensions.includes(extname(file)) && !file.split(sep).includes('node_modules'),
    )
}

function isOf(name: string, { file }: StackFrame): boolean {
  return revisionOf(basename(file)) === name
}

function describeLine(frame: StackFrame): readonly string[] {
  const position = locate(frame)
  const lines = position.text === null ? [] : codeFrame(position.text, position.line)
  return [nameLine(position), ...lines]
}

function locate({ file, line, column }: StackFrame): SourcePosition {
  return originalPosition(file, line, column)
}

function nameLine({ path, line }: SourcePosition): string {
  return `${pathInPackage(path)}:${line}`
}

/** A path as seen from the folder of its package.json. */
export function pathInPackage(path: string): string {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder))
    if (existsSync(join(folder, 'package.json'))) return relative(folder, path).split(sep).join('/')
  return path
}
