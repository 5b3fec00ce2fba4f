import { readFile, writeFile } from 'node:fs/promises'
import { format } from 'prettier'
import { helpText } from '../src/cli/help.js'
import { commands } from '../src/cli/registry.js'
import { configReference } from '../src/config/explain.js'
import { annotationRules, impactRules, impacts } from '../src/core/impact/assess-impact.js'
import { triggerTools } from '../src/core/impact/tool-triggers.js'
import { ruleTableRows, type ImpactRule } from '../src/core/impact/rule.js'
import { nameOfKind } from '../src/core/text/format.js'
import { errorCodes } from '../src/errors/schema-error.js'
import { exitCodes } from '../src/errors/exit-codes.js'
import { planRules } from '../src/operations/plan/rules.js'
import { roomRules, roomTable } from './rooms.js'

const note = '<!-- Made by `npm run docs` from the source; do not edit. -->'

const block = (text: string): string => `\`\`\`\n${text.trimEnd()}\n\`\`\``

const exitRows = Object.entries(exitCodes).map(
  ([code, { meaning, retry }]) => `| ${code} | ${meaning} | ${retry === null ? '' : retry ? 'yes' : 'no'} |`,
)

const pages: Readonly<Record<string, string>> = {
  'docs/commands.md': [
    '# Commands',
    note,
    'The commands have the names of the functions in the library. Messages go to stderr, results to stdout; with `--json` stdout is one document. `plan`, `rehearse`, `history` and `exportSchema` of the library return that document, typed: `await plan({ env: process.env })`.',
    block(helpText(null, commands)),
    ...Object.keys(commands).map((name) => `## ${name}\n\n${block(helpText(name, commands))}`),
  ].join('\n\n'),
  'docs/configuration.md': [
    '# Configuration',
    note,
    `Layers, later ones win: the defaults below, \`config/base.json\`, \`config/{ENV_TARGET}.json\`, \`env/.env.shared\`, \`env/.env.{ENV_TARGET}\`, the process environment, \`env/.env\` (only when \`NODE_ENV\` is not \`production\`), the command line.`,
    `\`KEY_FILE\` in any layer reads \`KEY\` from a file, for secrets that are mounted. An empty value is an error and never skipped silently; one error lists everything that is wrong. \`schemagate config\` prints every effective value with the layer it comes from, secrets masked.`,
    `In the files of \`env/\`, \`\${NAME}\` stands for what the layers or the process environment say of NAME (in NAME itself: the layers below), in the user and password of a URL percent-encoded; \`$\${\` stands for \`\${\`, and a value in single quotes is taken as it is. A name that nothing sets, and a circle, are errors.`,
    `The database is \`DATABASE_URL_{ENV_TARGET}\` (upper case, \`-\` as \`_\`), else \`DATABASE_URL\`, else \`DB_HOST DB_PORT DB_USER DB_PASSWORD DB_NAME\`, else the connection of the knexfile, else, outside production, an embedded PostgreSQL in \`.schemagate/postgres\`.`,
    `Migrations are replayed on the server of \`SCRATCH_DATABASE_URL\`, else on an embedded PostgreSQL of its own in \`.schemagate/scratch\`, whatever the environment; never on the server of the service, unless \`SCRATCH_DATABASE_URL\` names it. That happens in \`snapshot\`, in \`snapshot --check\`, in \`plan\`, in \`rehearse\`, in \`new --from\` and \`diff\` with a file, and outside production when the service starts with migrations that the snapshot does not have.`,
    configReference(),
  ].join('\n\n'),
  'docs/errors.md': [
    '# Errors and exit codes',
    note,
    'An error states what happened, the consequence, the facts, and what you can do, each choice with its effect. One code has one fix.',
    ['| exit code | meaning | retrying can help |', '|---|---|---|', ...exitRows].join('\n'),
    [
      '| error | exit code | what happened | how to solve it |',
      '|---|---|---|---|',
      ...Object.entries(errorCodes).map(
        ([code, { exit, meaning, fix }]) => `| \`${code}\` | ${exit} | ${meaning} | ${fix} |`,
      ),
    ].join('\n'),
  ].join('\n\n'),
  'docs/rules.md': [
    '# Rules of plan',
    note,
    '`schemagate plan` ([plan.md](plan.md)) tells which of these rules a pending revision does not follow. They are found in a scratch database from what PostgreSQL says there after the revision and did not say before it, and from what its statements were seen to do; the text of a statement is never looked at.',
    'A hazard ends `plan` with 4 unless `--allow RULE` or a comment in the migration allows it. Advice is told and changes no exit code, unless `--refuse RULE` names it. The hazards that are no rules (locks, rewrites, scans, lost data) are in [plan.md](plan.md).',
    ...Object.entries(planRules).map(
      ([name, { kind, finds, because, safer }]) =>
        `## ${name}\n\n| | |\n|---|---|\n| kind | ${kind} |\n| what is told | … ${finds} |\n| because | ${because} |\n| safer | ${safer} |`,
    ),
  ].join('\n\n'),
  'docs/impact.md': [
    '# What a difference means',
    note,
    `Every difference between the promise and the live catalog has an impact on code that was built for the promise: ${impacts.map((impact) => `\`${impact}\``).join(', ')}. \`breaks\` and \`weakens\` are drift, which \`ON_DRIFT\` answers; \`slows\` warns; \`harmless\` is shown. If several facts differ, the worst impact counts; if several cases apply, the first. \`schemagate verify\` shows the impact and the reason.`,
    'What belongs to a table that this build does not know is harmless. A kind or a fact without a rule breaks.',
    'A promised partition that was dropped or detached is harmless, with what belongs to it, if all partitions that are left are of later ranges or one of them is the default. A partition that was made meanwhile is harmless in any case. Where that is not enough, `VERIFY_IGNORE=table:public.events_p*` names the partitions.',
    'An invalid index that `REINDEX … CONCURRENTLY` makes beside another (`_ccnew`, `_ccold`) is not compared while a session builds an index of its table. Once none does, it is told, and `schemagate repair` drops it.',
    `Triggers that fire after the write are harmless if they call a function of an extension, or of one of these tools, in a schema that no migration made: ${triggerTools.map(({ tool, functions }) => `${tool} (\`${functions}\`)`).join(', ')}. Any other unpromised trigger may change what is written.`,
    '## Every kind\n\nComments are compared only with `VERIFY_COMMENTS`, owners and grants only with `VERIFY_GRANTS`.',
    impactTable(factRows(annotationRules)),
    ...Object.entries(impactRules).flatMap(([kind, { missing, unexpected, changed }]) => [
      `## ${nameOfKind(kind)}`,
      impactTable([
        ...ruleRows('missing', missing),
        ...ruleRows('unexpected', unexpected),
        ...factRows(changed),
      ]),
    ]),
  ].join('\n\n'),
}

function impactTable(rows: readonly string[]): string {
  return ['| difference | if | impact | because |', '|---|---|---|---|', ...rows].join('\n')
}

function factRows(rules: typeof annotationRules): readonly string[] {
  return Object.entries(rules).flatMap(([fact, rule]) => ruleRows(`\`${fact}\``, rule))
}

function ruleRows<Input>(difference: string, rule: ImpactRule<Input>): readonly string[] {
  return ruleTableRows(rule).map(
    ([when, [impact, reason]], index) =>
      `| ${index === 0 ? difference : ''} | ${when ?? ''} | ${impact} | ${reason} |`,
  )
}

/** The committed files of which only a part is made from the source. */
const parts: Readonly<Record<string, (committed: string) => string | Promise<string>>> = {
  '.oxlintrc.json': (committed) => {
    const config: { overrides: { files: string[] }[] } = JSON.parse(committed)
    const others = config.overrides.filter(({ files }) => !files.some((file) => file.startsWith('src/')))
    return format(JSON.stringify({ ...config, overrides: [...roomRules(), ...others] }), {
      parser: 'json',
      printWidth: 110,
    })
  },
  'ARCHITECTURE.md': (committed) =>
    committed.replace(
      /(<!-- rooms: made by `npm run docs` -->\n)[^]*(\n<!-- end of rooms -->)/,
      (_, begin: string, end: string) => `${begin}\n${roomTable()}\n${end}`,
    ),
}

const isCheck = process.argv.includes('--check')
const stale: string[] = []
const made = {
  ...parts,
  ...Object.fromEntries(Object.entries(pages).map(([file, text]) => [file, () => `${text}\n`])),
}
for (const [file, make] of Object.entries(made)) {
  const committed = await readFile(file, 'utf8').catch(() => '')
  const whole = await make(committed)
  if (committed === whole) continue
  if (isCheck) stale.push(file)
  else await writeFile(file, whole)
}
if (stale.length > 0) {
  console.error(
    `Not up to date with the source: ${stale.join(', ')}. Run npm run docs and commit the result.`,
  )
  process.exitCode = 1
}
