import { describeDifference } from '../../../core/model/describe.js'
import { compareInScope } from '../../../core/model/scope.js'
import { formatCount } from '../../../core/text/format.js'
import { toPrintable } from '../../../core/text/printable.js'
import { readSourcePair } from '../../../operations/diff/catalog-source.js'
import { withProjectWorkspace } from '../../../workspace.js'
import type { CommandContext, CommandResult } from '../command.js'

/** `snapshot --check --models FILE`: whether migrations and models lead to the same catalog. */
export async function compareWithModels(context: CommandContext, file: string): Promise<CommandResult> {
  const source = `models:${file}`
  const [promised, models] = await withProjectWorkspace(context, (workspace) =>
    readSourcePair('snapshot', source, { ...workspace, connection: null }),
  )
  const undetermined = { ...promised.undetermined, ...models.undetermined }
  const expected = { catalog: models.catalog, undetermined, tolerated: new Set<string>() }
  const { differences } = compareInScope(expected, promised.catalog, context.config.verify.scope)
  const advice = `schemagate new NAME --from ${source}`
  const text =
    differences.length === 0
      ? [`The migrations and ${source} lead to the same catalog.`]
      : [
          `The migrations do not lead to what ${source} builds: ${formatCount(differences.length, 'difference')}.`,
          '',
          ...differences.flatMap(describeDifference).map((line) => `  ${line}`),
          '',
          `${advice} drafts the migration that leads there.`,
        ]
  return {
    exit: differences.length === 0 ? 0 : 4,
    text: text.map(toPrintable).join('\n'),
    document: { models: source, differences, ...(differences.length === 0 ? {} : { draft: advice }) },
  }
}
