import type { Catalog } from '../../src/core/model/catalog.js'
import { diff } from '../../src/core/model/diff.js'
import { startWriterFor } from '../../src/ddl/plan/plan-start.js'
import type { ProofRequest } from '../../src/postgres/proof/prove-plan.js'

/** A proof of all that leads from one catalog to another, for a database like the scratch server. */
export function wholeProof(from: Catalog, to: Catalog, plan: ProofRequest['plan']): ProofRequest {
  return {
    from,
    to,
    writeStart: startWriterFor,
    differences: diff(to, from),
    undetermined: {},
    scope: { comments: true, grants: true },
    printedBy: null,
    target: null,
    reading: {},
    plan,
  }
}
