import { assessImpact, type Finding } from '../../core/impact/assess-impact.js'
import { isSerious } from '../../core/impact/rule.js'
import { relationKeysOf } from '../../core/model/catalog.js'
import { changesBetween } from '../../core/model/snapshot.js'
import { describeChangedObjects } from '../../core/model/describe.js'
import { compareInScope, type Scope } from '../../core/model/scope.js'
import { hazardName, hazardsBeyond } from '../../ddl/hazards/allowed-hazards.js'
import type { Hazard } from '../../ddl/statement.js'
import { lineOfStack } from '../../project/failing-lines.js'
import type { Migration } from '../../project/migration-files.js'
import type { StatementRecord } from '../../postgres/observe/statement-runner.js'
import { type AllowedByMigration, readAllowedHazards } from './allowed-hazards.js'
import type { DataQuestion } from './data-question.js'
import { questionsOf } from './data-questions.js'
import type { RenamedLabel } from '../../postgres/observe/enum-labels.js'
import { eventMatches } from './event-matches.js'
import type { ObservedRevision, PendingObservation } from '../observe/observation.js'
import { type AppliedRule, applyRules } from './rules.js'
import { type ProveChange, saferWayFor } from './safer-way.js'
import { createKnownRelations, hazardsOfStatement, type KnownRelations } from './statement-hazards.js'

/** A statement of a pending revision, as it was seen. */
export interface PlannedStatement {
  readonly sql: string
  readonly values: readonly unknown[]
  /** The line of the project that sent it; null where that is not known. */
  readonly at: string | null
  readonly commands: readonly string[]
  readonly transactional: boolean
  readonly hazards: readonly Hazard[]
  /** What it made, `index public.songs_title_index`. */
  readonly created: readonly string[]
  /** The tables whose rows it wrote, and those of which it read all. */
  readonly written: readonly string[]
  readonly scanned: readonly string[]
  readonly notices: readonly string[]
  /** Milliseconds, in the scratch database. */
  readonly duration: number
  readonly error: string | null
}

/** A pending revision, and what it would do. */
export interface PlannedRevision {
  readonly revision: string
  readonly transactional: boolean
  /** What it changes in the catalog, in words. */
  readonly changes: string
  readonly statements: readonly PlannedStatement[]
  /** Its hazards that nobody has allowed, each once. */
  readonly notAllowed: readonly Hazard[]
  /** Those that a comment in the migration allows, and why. */
  readonly allowed: readonly { readonly hazard: string; readonly reason: string }[]
  /** How it could make others wait for less; empty where nothing is known. */
  readonly saferWay: readonly string[]
  /** What code that was built for the catalog before it would notice. */
  readonly impact: readonly Finding[]
  /** The rules that it does not follow. */
  readonly rules: readonly AppliedRule[]
  readonly questions: readonly DataQuestion[]
}

interface PlanInput {
  readonly migrations: readonly Migration[]
  readonly scope: Scope
  /** The names of hazards that are allowed everywhere. */
  readonly allowed: ReadonlySet<string>
  readonly prove: ProveChange
  /** The names of rules that are refused everywhere. */
  readonly refused: ReadonlySet<string>
}

/** What the revisions that were observed would do, in their order. */
export async function planRevisions(
  observation: PendingObservation,
  input: PlanInput,
): Promise<readonly PlannedRevision[]> {
  const known = createKnownRelations(observation.relations)
  const written = new Set<string>()
  const renamedLabels: RenamedLabel[] = []
  const planned: PlannedRevision[] = []
  for (const observed of observation.revisions) {
    const migration = input.migrations.find(({ revision }) => revision === observed.revision)
    const byComment: AllowedByMigration =
      migration === undefined ? new Map() : await readAllowedHazards(migration)
    for (const { effects } of observed.statements) for (const table of effects.written) written.add(table)
    const questions = questionsOf(observed, {
      isKnown: (table) => known.originalOf(table) === table,
      isWritten: (table) => written.has(table),
      renamedLabels,
    })
    renamedLabels.push(...observed.renamedLabels)
    const matches = [...eventMatches(observed, known.names()), ...observed.design]
    const statements = planStatements(observed, known, observation)
    planned.push({
      ...planRevision(observed, statements, byComment, input),
      saferWay: await saferWayFor(
        observed,
        statements.flatMap(({ hazards }) => hazards),
        { serverMajor: observation.major, prove: input.prove },
      ),
      rules: applyRules(matches, { ...input, byComment: new Set(byComment.keys()) }),
      questions,
    })
  }
  return planned
}

function planRevision(
  observed: ObservedRevision,
  statements: readonly PlannedStatement[],
  byComment: AllowedByMigration,
  { scope, allowed }: PlanInput,
): Omit<PlannedRevision, 'questions' | 'saferWay' | 'rules'> {
  const { revision, transactional, before, after } = observed
  const hazards = statements.flatMap((statement) => statement.hazards)
  const beyond = hazardsBeyond(
    {
      statements: statements.map(({ sql, hazards }) => ({ sql, key: '', hazards, transactional })),
      refused: [],
    },
    new Set([...allowed, ...byComment.keys()]),
  )
  const changes = changesBetween(before, after)
  const existing = new Set(Object.keys(changes).filter((key) => before[key] !== undefined))
  const used = [...byComment].filter(([name]) => hazards.some((hazard) => hazardName(hazard) === name))
  return {
    revision,
    transactional,
    changes: describeChangedObjects(changes, existing),
    statements,
    notAllowed: beyond,
    allowed: used.map(([hazard, reason]) => ({ hazard, reason })),
    impact: impactOf(observed, scope),
  }
}

/** The differences that code notices which was built for the catalog before the revision. */
function impactOf({ before, after }: ObservedRevision, scope: Scope): readonly Finding[] {
  const promised = { catalog: before, undetermined: {}, tolerated: new Set<string>() }
  const { differences } = compareInScope(promised, after, scope)
  const gone = new Set(differences.flatMap(({ change, key }) => (change === 'missing' ? [key] : [])))
  return differences
    .filter(({ key }) => !relationKeysOf(key).some((owner) => gone.has(owner)))
    .map((difference) => assessImpact(difference, before, after))
    .filter(({ impact }) => isSerious(impact))
}

function planStatements(
  { revision, statements }: ObservedRevision,
  known: KnownRelations,
  { failedOnRows }: PendingObservation,
): readonly PlannedStatement[] {
  const failed = failedOnRows?.revision === revision ? failedOnRows.statements.at(-1) : undefined
  return statements.map((statement) => {
    const hazards = hazardsOfStatement(statement, known)
    known.follow(statement)
    const failure = failed?.sql === statement.sql ? failed.error : null
    const when =
      failure === null
        ? []
        : [{ hazard: 'may fail', when: `it is run on generated rows: ${failure}` } as const]
    return planStatement(statement, revision, [...hazards, ...when])
  })
}

/** @param hazards those of the statement, with the names of relations before the pending revisions */
export function planStatement(
  { sql, values, stack, commands, transactional, effects, notices, duration, error }: StatementRecord,
  revision: string,
  hazards: readonly Hazard[],
): PlannedStatement {
  return {
    sql,
    values,
    at: lineOfStack(stack, revision),
    commands,
    transactional,
    hazards,
    created: effects.created.map(({ kind, name }) => `${kind} ${name}`),
    written: effects.written,
    scanned: effects.scanned.map(({ table }) => table),
    notices: notices.map(({ severity, message }) => `${severity}: ${message}`),
    duration,
    error,
  }
}
