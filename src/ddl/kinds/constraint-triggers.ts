import { quoteLiteral } from '../identifiers.js'
import { type DdlObject, type DdlStep, step, textFact } from '../object.js'
import { enableClauseFor } from './enable-clause.js'

/** What a new constraint is altered from: its triggers fire. */
export const enforcedAsUsual = { facts: {} }

/** The functions that PostgreSQL calls for rows of the table of a constraint, as regproc prints them. */
const checkFunctions = `('"RI_FKey_check_ins"', '"RI_FKey_check_upd"', 'unique_key_recheck')`

const sides = [
  { fact: 'checkTriggers', condition: `IN ${checkFunctions}` },
  { fact: 'actionTriggers', condition: `NOT IN ${checkFunctions}` },
] as const

/**
 * Switches the internal triggers of a constraint, on its own table and on the one that it refers to. Their names have oids,
 * so the statement looks for them. `lockedTables` are the tables of both sides.
 */
export function constraintTriggerSteps(
  to: DdlObject,
  from: Pick<DdlObject, 'facts'>,
  lockedTables: readonly string[],
): readonly DdlStep[] {
  return sides
    .filter(({ fact }) => textFact(from, fact) !== textFact(to, fact))
    .map(({ fact, condition }) =>
      step(
        switchStatement(to, condition, enableClauseFor(textFact(to, fact).replace(/,.*/, ''))),
        ...lockedTables.map((table) => ({ hazard: 'lock', table, lock: 'SHARE ROW EXCLUSIVE' }) as const),
      ),
    )
}

function switchStatement({ names, relation }: DdlObject, condition: string, clause: string): string {
  const table = quoteLiteral(relation)
  const constraint = quoteLiteral(names[2] ?? '')
  return `DO $$
DECLARE
  t record;
BEGIN
  FOR t IN
    SELECT g.tgrelid::regclass AS relation, g.tgname FROM pg_trigger g
      JOIN pg_constraint k ON k.oid = g.tgconstraint
      LEFT JOIN pg_constraint p ON p.oid = k.conparentid AND p.conrelid = k.conrelid
    WHERE g.tgisinternal AND k.conrelid = ${table}::regclass AND coalesce(p.conname, k.conname) = ${constraint}
      AND g.tgfoid::regproc::text ${condition}
  LOOP
    EXECUTE format('ALTER TABLE %s ${clause} TRIGGER %I', t.relation, t.tgname);
  END LOOP;
END $$`
}
