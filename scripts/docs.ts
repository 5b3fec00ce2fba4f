import { readFile, writeFile } from 'node:fs/promises'
import { commands } from '../src/cli/commands.js'
import { helpText } from '../src/cli/help.js'
import { configReference } from '../src/config/render.js'
import { impactRules, impacts } from '../src/core/impact.js'
import { errorCodes, exitCodes } from '../src/errors.js'

const note = '<!-- Made by `npm run docs` from the source; do not edit. -->'

const block = (text: string): string => `\`\`\`\n${text.trimEnd()}\n\`\`\``

const exitRows = Object.entries(exitCodes).map(
  ([code, { meaning, retry }]) => `| ${code} | ${meaning} | ${retry === null ? '' : retry ? 'yes' : 'no'} |`,
)

const pages: Readonly<Record<string, string>> = {
  'docs/commands.md': [
    '# Commands',
    note,
    'The verbs of the command line are those of the library. Words go to stderr, results to stdout; with `--json` stdout is one document.',
    block(helpText(null)),
    ...Object.keys(commands).map((name) => `## ${name}\n\n${block(helpText(name))}`),
  ].join('\n\n'),
  'docs/configuration.md': [
    '# Configuration',
    note,
    `Layers, later ones win: the defaults below, \`config/base.json\`, \`config/{ENV_TARGET}.json\`, \`env/.env.shared\`, \`env/.env.{ENV_TARGET}\`, the process environment, \`env/.env\` (only when \`NODE_ENV\` is not \`production\`), the command line.`,
    `\`KEY_FILE\` in any layer reads \`KEY\` from a file, for secrets that are mounted. An empty value is a fault, never silently skipped; all faults are said in one error. \`schemagate config\` prints every effective value with the layer it comes from, secrets masked.`,
    `The database is \`DATABASE_URL_{ENV_TARGET}\` (upper case, \`-\` as \`_\`), else \`DATABASE_URL\`, else \`DB_HOST DB_PORT DB_USER DB_PASSWORD DB_NAME\`, else the connection of the knexfile, else, outside production, a PostgreSQL of its own in \`.schemagate/\`.`,
    configReference(),
  ].join('\n\n'),
  'docs/errors.md': [
    '# Errors and exit codes',
    note,
    'An error says what happened, the consequence, the facts, and what can be done, each with its effect. One code, one fix.',
    ['| exit code | meaning | trying again can help |', '|---|---|---|', ...exitRows].join('\n'),
    [
      '| error | exit code | what happened | how to solve it |',
      '|---|---|---|---|',
      ...Object.entries(errorCodes).map(
        ([code, { exit, meaning, fix }]) => `| \`${code}\` | ${exit} | ${meaning} | ${fix} |`,
      ),
    ].join('\n'),
  ].join('\n\n'),
  'docs/impact.md': [
    '# What a difference means',
    note,
    `Every difference between the promise and the live catalog has an impact on code that was built for the promise: ${impacts.map((impact) => `\`${impact}\``).join(', ')}. \`breaks\` and \`weakens\` are drift, which \`ON_DRIFT\` answers; \`slows\` warns; \`harmless\` is shown. What belongs to a table this build does not know is harmless. "depends" is decided by the facts: \`schemagate verify\` says which, with the reason.`,
    [
      '| kind | missing | unexpected | changed |',
      '|---|---|---|---|',
      ...Object.entries(impactRules).map(
        ([kind, { missing, unexpected, changed }]) =>
          `| ${kind.replace('_', ' ')} | ${impactOf(missing)} | ${impactOf(unexpected)} | ${Object.entries(
            changed,
          )
            .map(([fact, rule]) => `${fact === '*' ? 'anything else' : fact}: ${impactOf(rule)}`)
            .join(', ')} |`,
      ),
    ].join('\n'),
  ].join('\n\n'),
}

function impactOf(rule: unknown): string {
  return Array.isArray(rule) ? String(rule[0]) : 'depends'
}

const isCheck = process.argv.includes('--check')
const stale: string[] = []
for (const [file, text] of Object.entries(pages)) {
  const whole = `${text}\n`
  if (isCheck) {
    const committed = await readFile(file, 'utf8').catch(() => '')
    if (committed !== whole) stale.push(file)
  } else await writeFile(file, whole)
}
if (stale.length > 0) {
  console.error(`Not as the source says: ${stale.join(', ')}. Run npm run docs and commit.`)
  process.exitCode = 1
}
