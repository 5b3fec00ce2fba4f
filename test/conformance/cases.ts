import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { Check } from 'typebox/value'

const caseSchema = Type.Object({
  source: Type.String(),
  name: Type.String(),
  kinds: Type.Array(Type.String()),
  setup: Type.Union([Type.String(), Type.Null()]),
  a: Type.String(),
  b: Type.String(),
  roles: Type.Array(Type.String()),
})

/**
 * Two schemas as SQL. `setup` runs first for both. `kinds` are the kinds of objects that differ, as the source names
 * them.
 */
export type Case = Readonly<Static<typeof caseSchema>>

/** One of the two schemas of a case. */
export type Side = 'a' | 'b'

/**
 * The cases in all .jsonl files of a folder. `only` is a part of `SOURCE/NAME`.
 *
 * @throws Error that names a line that is not a case, or a folder without cases
 */
export async function readCases(folder: string, only = ''): Promise<readonly Case[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.jsonl')).sort()
  const cases = (await Promise.all(files.map((file) => readFileOfCases(join(folder, file))))).flat()
  if (cases.length === 0) throw new Error(`${folder} has no cases: no line of JSON in a .jsonl file`)
  return cases.filter((testCase) => titleOf(testCase).includes(only))
}

export function titleOf({ source, name }: Case): string {
  return `${source}/${name}`
}

async function readFileOfCases(file: string): Promise<readonly Case[]> {
  const lines = (await readFile(file, 'utf8')).split('\n')
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    const value: unknown = JSON.parse(line)
    if (!Check(caseSchema, value)) throw new Error(`${file}:${index + 1} is not a case`)
    return [value]
  })
}
