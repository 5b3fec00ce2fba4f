import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A text that a process made, and where: `stdout`, `GET /health/schema`, `termination.log`. */
export interface Made {
  readonly where: string
  readonly text: string
}

/** What was given to a process that could hold a secret. */
export interface Given {
  readonly env: Readonly<Record<string, string>>
  readonly words: readonly string[]
  /** The text of each file of its project, by its path. */
  readonly files: ReadonlyMap<string, string>
}

/** One line of what a test process leaves for the end of the run. */
type Evidence =
  | { readonly kind: 'started'; readonly secrets: readonly string[] }
  | { readonly kind: 'ended' }
  | { readonly kind: 'made'; readonly where: string; readonly text: string }

/** Shorter ones are in other words by chance. */
const shortest = 6
const largest = 1_000_000

const home = fileURLToPath(new URL('../../.schemagate/test-output/', import.meta.url))
/** tap starts every test file of a run, and what runs after them, itself. */
const folder = join(home, String(process.ppid))
const own = join(folder, `${process.pid}.jsonl`)

const urlPassword = /[a-z]+:\/\/[^\s"'`@/:]*:([^\s"'`@]+)@/g
/** `PASSWORD=…`, `token: '…'`, `password '…'`: in settings, code and SQL. */
const named = [
  /^\s*\w*(?:PASSWORD|TOKEN)\s*=\s*["']?([^\s"']+)/gm,
  /\b\w*(?:password|token)\w*["']?\s*[:=]?\s*["'`]([^\s"'`$]+)["'`]/gi,
] as const

/** Every password and token that a process was given, as it was given. */
export function secretsOf({ env, words, files }: Given): readonly string[] {
  const found = [
    ...Object.entries(env).flatMap(secretsOfVariable),
    ...words.flatMap((word) => passwordsIn(word)),
    ...[...files.values()].flatMap((text) => [
      ...passwordsIn(text),
      ...named.flatMap((each) => all(text, each)),
    ]),
  ]
  return [...new Set(found)].filter((secret) => secret.length >= shortest)
}

function secretsOfVariable([name, value]: readonly [string, string]): readonly string[] {
  if (!/TOKEN|PASSWORD/.test(name)) return passwordsIn(value)
  return [name.endsWith('_FILE') && existsSync(value) ? readFileSync(value, 'utf8').trim() : value]
}

/** A password that is part of its own URL otherwise, such as postgres:postgres@, cannot be looked for. */
function passwordsIn(text: string): readonly string[] {
  return all(text, urlPassword).filter((password) => text.split(password).length === 2)
}

function all(text: string, pattern: RegExp): readonly string[] {
  return [...text.matchAll(pattern)].flatMap(([, secret]) => secret ?? [])
}

/** Where secrets are, in any form that they take in URLs and in JSON, with the words around each. */
export function leaks(made: Iterable<Made>, secrets: Iterable<string>): readonly string[] {
  const needles = byBeginning(secrets)
  return [...made].flatMap(({ where, text }) => {
    const found: string[] = []
    for (let at = 0; at + shortest <= text.length; at++)
      for (const needle of needles.get(text.slice(at, at + shortest)) ?? [])
        if (text.startsWith(needle, at))
          found.push(
            `${needle} is in ${where}: …${text.slice(Math.max(0, at - 80), at + needle.length + 40)}…`,
          )
    return found
  })
}

function byBeginning(secrets: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const needles = new Map<string, string[]>()
  for (const needle of new Set([...secrets].flatMap(formsOf))) {
    const beginning = needle.slice(0, shortest)
    needles.set(beginning, [...(needles.get(beginning) ?? []), needle])
  }
  return needles
}

function formsOf(secret: string): readonly string[] {
  const plain = decoded(secret)
  return [secret, plain, encodeURIComponent(plain), JSON.stringify(plain).slice(1, -1)].filter(
    (form) => form.length >= shortest,
  )
}

function decoded(secret: string): string {
  try {
    return decodeURIComponent(secret)
  } catch {
    return secret
  }
}

/** The files of a test's project, without what was installed and the data of servers. */
export function filesOf(root: string): ReadonlyMap<string, string> {
  if (!root.includes(join('.tap', 'fixtures')) || !existsSync(root)) return new Map()
  return new Map(pathsIn(root).map((path) => [path, readFileSync(path, 'utf8')]))
}

function pathsIn(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return /^(node_modules|\.schemagate)$/.test(entry.name) ? [] : pathsIn(path)
    return entry.isFile() && statSync(path).size <= largest ? [path] : []
  })
}

/** Leaves something for the end of the run; nothing where a test file runs alone. */
export function leave(evidence: Evidence): void {
  if (process.env.TAP !== '1') return
  mkdirSync(folder, { recursive: true })
  appendFileSync(own, `${JSON.stringify(evidence)}\n`)
}

/** Says of a test process that it can start others: one whose evidence is missing at the end is noticed. */
export function beginEvidence(): void {
  if (process.env.TAP !== '1') return
  mkdirSync(folder, { recursive: true })
  appendFileSync(own, '')
}

/**
 * Looks through all that the processes of this run made for all secrets that any of them was given, and removes it.
 * Throws where it finds one, and where it cannot have looked at everything.
 */
export function judgeRun(): string {
  try {
    return judge()
  } finally {
    for (const run of existsSync(home) ? readdirSync(home) : [])
      if (run === String(process.ppid) || !isAlive(Number(run)))
        rmSync(join(home, run), { recursive: true, force: true })
  }
}

function judge(): string {
  const ran = testProcesses()
  if (ran.length === 0) throw new Error('secrets: it cannot be told which test files ran')
  const silent = ran.filter(({ pid, starts }) => starts && !existsSync(join(folder, `${pid}.jsonl`)))
  if (silent.length > 0)
    throw new Error(`secrets: nothing was left by ${silent.map(({ file }) => file).join(', ')}`)
  const evidence = existsSync(folder)
    ? readdirSync(folder).flatMap((name) => evidenceIn(join(folder, name)))
    : []
  const started = evidence.flatMap((each) => (each.kind === 'started' ? [each.secrets] : []))
  const made = evidence.flatMap((each) => (each.kind === 'made' ? [each] : []))
  const ended = evidence.filter(({ kind }) => kind === 'ended').length
  const secrets = new Set(started.flat())
  if (ended < started.length)
    throw new Error(`secrets: of ${started.length} processes only ${ended} were looked at`)
  if (started.length > 0 && (secrets.size === 0 || made.length === 0))
    throw new Error(
      `secrets: ${started.length} processes had ${secrets.size} secrets and made ${made.length} texts`,
    )
  const found = leaks(made, secrets)
  if (found.length > 0) throw new Error(`secrets: ${found.length} are in the output\n${found.join('\n')}`)
  const size = made.reduce((sum, { text }) => sum + text.length, 0)
  return `secrets: none of ${secrets.size} is in ${size} characters of ${started.length} processes of ${ran.length} test files`
}

function evidenceIn(path: string): readonly Evidence[] {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
  return lines.map((line): Evidence => JSON.parse(line))
}

interface TestProcess {
  readonly pid: number
  readonly file: string
  /** Whether it could start processes. */
  readonly starts: boolean
}

/** The test processes of this run, as tap has recorded them. */
function testProcesses(): readonly TestProcess[] {
  const records = fileURLToPath(new URL('../../.tap/processinfo/', import.meta.url))
  return readdirSync(records)
    .filter((name) => name.endsWith('.json'))
    .map((name): { pid: number; ppid: number; externalID?: string; files: readonly string[] } =>
      JSON.parse(readFileSync(join(records, name), 'utf8')),
    )
    .filter(({ ppid, externalID }) => ppid === process.ppid && externalID !== undefined)
    .map(({ pid, externalID = '', files }) => ({
      pid,
      file: externalID,
      starts: files.some((file) => file.endsWith('test/support/process.ts')),
    }))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
