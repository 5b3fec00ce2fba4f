import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { hazardNames } from '../../src/ddl/hazards/allowed-hazards.js'
import { ruleNames } from '../../src/operations/plan/rules.js'
import { type Page, pages, proseOf, root } from './documents.js'

/** The targets of a page's links, without those that lead elsewhere. */
function linksOf(page: Page): readonly string[] {
  return [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link]) => String(link))
    .filter((link) => !/^[a-z]+:/.test(link))
}

/** What a link to a heading has after the `#`, as GitHub makes it. */
function anchorsOf(page: Page): readonly string[] {
  return [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    String(heading)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function isBroken(page: Page, link: string): boolean {
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? page.path : join(dirname(page.path), path)
  const linked = pages.find((other) => other.path === file)
  if (!existsSync(join(root, file))) return true
  return anchor !== undefined && (linked === undefined || !anchorsOf(linked).includes(anchor))
}

t.test('every link between pages leads somewhere', async (t) => {
  const links = pages.flatMap((page) => linksOf(page).map((link) => [page, link] as const))
  t.strictSame(
    links.filter(([page, link]) => isBroken(page, link)).map(([{ path }, link]) => `${path}: ${link}`),
    [],
  )
  t.ok(links.length > 50)
})

/** Words in code type that are paths: `src/gate/gate.ts`, `test/`, `.ci/run`. A room is a path below src. */
function pathsOf(page: Page): readonly string[] {
  return [...proseOf(page).matchAll(/`([^`\s]+)`/g)]
    .map(([, word]) => String(word))
    .filter((word) => /^[\w.-]+\/[\w./*-]*$|^[\w-]+\.(?:ts|js|json|md|yaml)$/.test(word))
    .map((word) => word.replace(/\*.*$/, ''))
    .filter((path) => !madeFolders.has(path))
}

/** What is there only after the project has run. */
const madeFolders = new Set(['.schemagate/', 'dist/'])

t.test('every path that is named to developers exists', async (t) => {
  const guides = pages.filter(({ path }) => path === 'ARCHITECTURE.md' || path === 'CONTRIBUTING.md')
  const paths = guides.flatMap(pathsOf)
  t.strictSame(
    paths.filter((path) => ![root, join(root, 'src')].some((folder) => existsSync(join(folder, path)))),
    [],
  )
  t.equal(guides.length, 2)
  t.ok(paths.length > 50)
})

/** What `plan` says beside hazards and rules. */
const otherFindings = ['would-fail', 'rows', 'impact']

t.test('the rules that are compared with those of others are ours, all of them', async (t) => {
  const page = pages.find(({ path }) => path === 'docs/rules-compared.md')
  const named = [...(page?.text ?? '').matchAll(/^\| `([\w-]+)` \|/gm)].map(([, name]) => String(name))
  t.strictSame(named.sort(), [...hazardNames, ...ruleNames, ...otherFindings].sort())
})
