import { describeChangedObjects, describeDifference } from '../../core/model/describe.js'
import { diff } from '../../core/model/diff.js'
import type { RenamedObject } from '../../core/model/renamed-object.js'
import type { Snapshot } from '../../core/model/snapshot.js'
import type { ProgressReporter } from '../../core/progress/events.js'
import { noticeOf, type RevisionNotice } from '../../core/progress/notices.js'
import { hasSameChanges } from '../../core/model/same-changes.js'
import { formatCount } from '../../core/text/format.js'
import { toPrintable } from '../../core/text/printable.js'
import { SchemaError } from '../../errors/schema-error.js'
import { findScratch } from '../../postgres/scratch/scratch.js'
import { makeSnapshot } from '../../snapshot/current.js'
import { mergeSnapshotFiles } from '../../snapshot/merge-files.js'
import { findSnapshotDirectory } from '../../snapshot/find.js'
import { replay } from '../../snapshot/replay.js'
import { serviceSchemasIn } from '../../snapshot/service-schemas.js'
import { loadUsableSnapshot, missingSnapshotError, staleSnapshotError } from '../../snapshot/usable.js'
import { type ProjectWorkspace, withProjectWorkspace } from '../../workspace.js'
import type { CommandContext, CommandResult, CommandHandler } from './command.js'

/**
 * `schemagate snapshot`: writes the snapshot. `--check` proves that the committed one matches the migrations, `--merge` merges
 * those of two branches.
 */
export const run: CommandHandler = async (context): Promise<CommandResult> => {
  if (context.options['merge'] === true || context.positionals.length > 0) return mergeVersions(context)
  return withProjectWorkspace(context, (workspace) =>
    context.options['check'] === true
      ? checkSnapshot(workspace, context)
      : generateSnapshot(workspace, context),
  )
}

async function mergeVersions({ positionals, options }: CommandContext): Promise<CommandResult> {
  const [base, ours, theirs] = positionals
  if (options['merge'] !== true || base === undefined || ours === undefined || theirs === undefined)
    throw new SchemaError('SCHEMA_USAGE', {
      what: 'Only a merge names files, and it names three. Nothing was written.',
      choices: [['schemagate snapshot --merge %O %A %B', 'is how git calls it, as a merge driver']],
    })
  const revisions = await mergeSnapshotFiles({ base, ours, theirs })
  const text = `The snapshots of both branches are merged: ${formatCount(revisions, 'revision')}.`
  return { exit: 0, text, document: { file: ours, revisions } }
}

async function generateSnapshot(
  workspace: ProjectWorkspace,
  { report, options }: CommandContext,
): Promise<CommandResult> {
  const seen = collectPromises(report)
  const { snapshot, file } = await makeSnapshot(workspace, seen.report, {
    acceptEmpty: options['accept-empty'] === true,
    full: options['full'] === true,
  })
  const undetermined = snapshot.revisions.flatMap(({ revision, undetermined = {} }) =>
    Object.entries(undetermined).map(([key, facts]) =>
      toPrintable(`${key} ${facts.join(', ')}  (${revision})`),
    ),
  )
  const notes =
    undetermined.length === 0 ? [] : ['', 'Different at every replay, so never compared:', ...undetermined]
  return {
    exit: 0,
    text: [`${toPrintable(file)}: ${formatCount(snapshot.revisions.length, 'revision')}`, ...notes].join(
      '\n',
    ),
    document: {
      file,
      revisions: snapshot.revisions.length,
      postgres: snapshot.postgres,
      undetermined,
      promised: seen.promised,
      empty: seen.empty,
      renamed: seen.renamed,
      notices: seen.notices,
    },
  }
}

/** Keeps for the document what is reported of new revisions, and what PostgreSQL noticed. */
function collectPromises(report: ProgressReporter) {
  const promised: { readonly revision: string; readonly changes: string }[] = []
  const empty: string[] = []
  const renamed: RenamedObject[] = []
  const notices: RevisionNotice[] = []
  const collect: ProgressReporter = (progress) => {
    report(progress)
    if (progress.event === 'notice') notices.push(noticeOf(progress))
    if (progress.event === 'names differ') renamed.push(...progress.objects)
    if (progress.event === 'promises empty') empty.push(...progress.revisions)
    if (progress.event === 'revision promised') {
      const { revision, changes, existing } = progress
      promised.push({ revision, changes: describeChangedObjects(changes, existing) })
    }
  }
  return { report: collect, promised, empty, renamed, notices }
}

/** Compares the texts of the files first, which needs no database, then the catalog changes of a replay. */
async function checkSnapshot(
  workspace: ProjectWorkspace,
  { report }: CommandContext,
): Promise<CommandResult> {
  const { snapshot: committed, stale } = await loadUsableSnapshot(workspace)
  if (stale.length > 0) throw staleSnapshotError(workspace, stale)
  if (committed === null) throw missingSnapshotError(workspace, workspace.migrations.length)
  const { project, migrations, signal } = workspace
  const scratch = await findScratch(workspace.scratch)
  const serviceSchemas = serviceSchemasIn(committed, project)
  const options = { scratch, project, migrations, serviceSchemas, report, signal }
  const fresh = await replay(options)
  if (!hasSameChanges(fresh, committed)) throw differentSnapshotError(workspace, committed, fresh)
  return {
    exit: 0,
    text: `The snapshot matches the migrations: ${formatCount(migrations.length, 'revision')}.`,
    document: { revisions: migrations.length, stale: [] },
  }
}

function differentSnapshotError(
  workspace: ProjectWorkspace,
  committed: Snapshot,
  fresh: Snapshot,
): SchemaError {
  const lines = fresh.revisions.flatMap(({ revision, changes }, index) => {
    const before = committed.revisions[index]?.changes ?? {}
    const undetermined = committed.revisions[index]?.undetermined
    const differences = diff(markDropped(before), markDropped(changes), undetermined)
    return differences.length === 0
      ? []
      : [revision, ...differences.flatMap(describeDifference).map((line) => `  ${line}`)]
  })
  return new SchemaError('SCHEMA_SNAPSHOT_STALE', {
    what: 'A replay of the migrations gives a different catalog than the snapshot. Nothing was written.',
    facts: [
      ['folder', findSnapshotDirectory(workspace) ?? workspace.snapshotDirectory],
      ['PostgreSQL', `${committed.postgres} in the snapshot, ${fresh.postgres} here`],
      ['differences', lines],
    ],
    choices: [['schemagate snapshot', 'makes a new one; commit it with the migrations']],
  })
}

function markDropped(changes: Snapshot['revisions'][number]['changes']): Snapshot['base'] {
  return Object.fromEntries(
    Object.entries(changes).map(([key, facts]) => [key, facts === null ? { dropped: true } : facts] as const),
  )
}
