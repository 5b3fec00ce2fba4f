import type { PhasedStep } from '../object.js'
import { runBefore, type StepTask } from './step-task.js'

/**
 * Joins the steps that each make PostgreSQL write the same table again into one statement, which does it once. Only steps that
 * come first in their task are joined, and only those of which none has to wait for another.
 */
export function joinRewrites(tasks: readonly StepTask[]): readonly StepTask[] {
  const byTable = new Map<string, StepTask[]>()
  for (const task of tasks) {
    const table = rewrittenTable(task.steps[0])
    if (table !== null) byTable.set(table, [...(byTable.get(table) ?? []), task])
  }
  const joined = [...byTable].flatMap(([table, members]) =>
    groupsOf(table, members).flatMap((group) => joinMembers(table, independentOf(group), tasks)),
  )
  return [...tasks, ...joined]
}

/** The table that a step rewrites with a clause of ALTER TABLE, in SQL; null for other steps. */
function rewrittenTable(step: PhasedStep | undefined): string | null {
  if (step === undefined || !step.transactional || step.alone === true) return null
  const rewrite = step.hazards.find(({ hazard }) => hazard === 'table rewrite')
  const table = rewrite !== undefined && 'table' in rewrite ? (rewrite.table ?? '') : ''
  return table !== '' && step.sql.startsWith(beginning(table)) ? table : null
}

function beginning(table: string): string {
  return `ALTER TABLE ${table} `
}

/**
 * New expressions apart from new types: PostgreSQL does not find the constraints again that it has made again for the types
 * ("cache lookup failed for constraint").
 */
function groupsOf(table: string, members: readonly StepTask[]): readonly (readonly StepTask[])[] {
  const setsExpression = ({ steps: [step] }: StepTask): boolean =>
    expressionPattern.test(step?.sql.slice(beginning(table).length) ?? '')
  const [expressions, others] = [
    members.filter(setsExpression),
    members.filter((one) => !setsExpression(one)),
  ]
  const changesType = others.some(({ steps: [step] }) =>
    step?.sql.startsWith(`${beginning(table)}ALTER COLUMN `),
  )
  return changesType ? [others, expressions] : [members]
}

const expressionPattern = /^ALTER COLUMN (?:"(?:[^"]|"")*"|\S+) SET EXPRESSION /

/** The tasks of which none waits for another, in their order. */
function independentOf(members: readonly StepTask[]): readonly StepTask[] {
  if (members.length < 2) return []
  const sorted = members.toSorted((one, other) => (one.rank < other.rank ? -1 : 1))
  const awaited = new Map(sorted.map((task) => [task, prerequisitesOf(task)]))
  const chosen: StepTask[] = []
  for (const task of sorted)
    if (chosen.every((one) => awaited.get(task)?.has(one) !== true && awaited.get(one)?.has(task) !== true))
      chosen.push(task)
  return chosen
}

function prerequisitesOf(task: StepTask): ReadonlySet<StepTask> {
  const found = new Set(task.prerequisites)
  for (const one of found) for (const earlier of one.prerequisites) found.add(earlier)
  return found
}

function joinMembers(
  table: string,
  members: readonly StepTask[],
  tasks: readonly StepTask[],
): readonly StepTask[] {
  const [first] = members
  if (first === undefined || members.length < 2) return []
  const task: StepTask = {
    id: `joined|${first.id}`,
    key: first.key,
    rank: first.rank,
    steps: [joinedStep(table, members)],
    prerequisites: members.flatMap(({ prerequisites }) => prerequisites),
  }
  addNewColumnsFirst(table, task, tasks)
  for (const member of members) {
    member.steps = member.steps.slice(1)
    runBefore(task, member)
  }
  return [task]
}

function joinedStep(table: string, members: readonly StepTask[]): PhasedStep {
  const start = beginning(table)
  const parts = members.flatMap(({ key, steps: [own] }) => (own === undefined ? [] : [[key, own] as const]))
  return {
    sql: `${start}${parts.map(([, { sql }]) => sql.slice(start.length)).join(', ')}`,
    hazards: parts.flatMap(([, { hazards }]) => hazards),
    transactional: true,
    phase: 'alter',
    parts,
  }
}

/** A generated column may name any column, also one that the same plan adds without writing the table again. */
function addNewColumnsFirst(table: string, joined: StepTask, tasks: readonly StepTask[]): void {
  const adds = (task: StepTask): boolean =>
    task.steps[0]?.sql.startsWith(`${beginning(table)}ADD COLUMN `) === true
  const members = new Set(joined.steps.flatMap(({ parts = [] }) => parts.map(([key]) => key)))
  for (const task of tasks.filter((one) => adds(one) && !members.has(one.key)))
    if (![...prerequisitesOf(task)].some(({ key }) => members.has(key))) runBefore(task, joined)
}
