import type { Hazard, Plan } from '../statement.js'

/** The hazards as they are named on a command line: `table rewrite` is `table-rewrite`. */
export const hazardNames: readonly string[] = [
  'data-loss',
  'index-dropped',
  'authorization',
  'replica-identity',
  'kept-results',
  'untraced',
  'lock',
  'table-rewrite',
  'full-scan',
  'may-fail',
  'outside-a-transaction',
] satisfies readonly HazardName[]

type WithHyphens<Text extends string> = Text extends `${infer Head} ${infer Tail}`
  ? `${Head}-${WithHyphens<Tail>}`
  : Text
type HazardName = WithHyphens<Hazard['hazard']>

/** The name of a hazard on a command line. */
export function hazardName({ hazard }: Hazard): string {
  return hazard.replaceAll(' ', '-')
}

/** The hazards of a plan that are not allowed, each once. A lock for which no reader or writer waits needs no permission. */
export function hazardsBeyond({ statements }: Plan, allowed: ReadonlySet<string>): readonly Hazard[] {
  const found = statements
    .flatMap(({ hazards }) => hazards)
    .filter((hazard) => !allowed.has(hazardName(hazard)) && !isUnnoticed(hazard))
  return [...new Map(found.map((hazard) => [JSON.stringify(hazard), hazard])).values()]
}

function isUnnoticed(hazard: Hazard): boolean {
  return hazard.hazard === 'lock' && hazard.lock === 'SHARE UPDATE EXCLUSIVE'
}
