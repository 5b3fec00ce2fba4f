import { readFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload, type SourceMapping } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { isRecord } from '../core/text/is-record.js'
import { parseStack, type StackFrame } from '../core/text/stack-frames.js'

/** A line of a source file. `text` is that of the whole file, null where it cannot be read. */
export interface SourcePosition {
  readonly path: string
  readonly line: number
  readonly text: string | null
}

/**
 * The line that somebody wrote: through the source map that a compiled file names, in it or beside it, else the given line.
 * Reads files synchronously, and is for what has failed.
 */
export function originalPosition(path: string, line: number, column: number): SourcePosition {
  const text = readText(path)
  const map = text === null ? null : readSourceMap(path, text)
  const entry: Partial<SourceMapping> =
    map === null ? {} : new SourceMap(map.payload).findEntry(line - 1, column - 1)
  const { originalSource, originalLine } = entry
  if (map === null || originalSource === undefined || originalLine === undefined) return { path, line, text }
  const source = fileURLToPath(new URL(originalSource, map.base))
  const embedded = map.payload.sourcesContent?.[map.payload.sources.indexOf(originalSource)]
  return { path: source, line: originalLine + 1, text: readText(source) ?? embedded ?? null }
}

/** A stack with the lines that somebody wrote in place of those of compiled files. */
export function originalStack(stack: string): string {
  return stack.split('\n').map(originalFrame).join('\n')
}

function originalFrame(text: string): string {
  const [frame] = parseStack(text)
  if (frame === undefined) return text
  const [compiled, { line, column }] = [pathOfFrame(frame), frame]
  const position = originalPosition(compiled, line, column)
  return position.path === compiled
    ? text
    : text.replace(`${frame.file}:${line}:${column}`, () => `${position.path}:${position.line}`)
}

/** A file URL can have the query of a loader. */
export function pathOfFrame({ file }: StackFrame): string {
  return file.startsWith('file:') ? fileURLToPath(file.replace(/\?.*$/, '')) : file
}

interface FoundSourceMap {
  readonly payload: SourceMapPayload
  /** What its sources are relative to. */
  readonly base: URL
}

const mapComment = /^\/\/[#@] sourceMappingURL=(\S+)\s*$/gm
const inlineMap = /^data:application\/json[^,]*;base64,/

function readSourceMap(path: string, text: string): FoundSourceMap | null {
  const address = [...text.matchAll(mapComment)].at(-1)?.[1]
  if (address === undefined) return null
  try {
    const file = pathToFileURL(path)
    const isInline = inlineMap.test(address)
    const base = isInline ? file : new URL(address, file)
    const json = isInline
      ? Buffer.from(address.replace(inlineMap, ''), 'base64').toString()
      : readText(fileURLToPath(base))
    const payload: SourceMapPayload = JSON.parse(json ?? 'null')
    return isRecord(payload) ? { payload, base } : null
  } catch {
    return null
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}
