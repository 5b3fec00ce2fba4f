import { toPrintable } from '../../../core/text/printable.js'
import { findRule } from '../../../operations/plan/rules.js'
import type { PlanFinding } from './findings.js'

/**
 * Findings for code scanning: SARIF 2.1.0 with what GitHub requires of it
 * (https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning).
 * A finding without a line is at the first of its file, one without a file is left out.
 */
export function sarifDocument(findings: readonly PlanFinding[]) {
  const located = findings.flatMap(({ file, ...rest }) => (file === null ? [] : [{ ...rest, file }]))
  const ids = [...new Set(located.map(({ id }) => id))].toSorted()
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'schemagate', rules: ids.map(ruleOf) } },
        results: located.map(({ id, level, text, revision, file, line }) => ({
          ruleId: id,
          ruleIndex: ids.indexOf(id),
          level,
          message: { text: toPrintable(`${revision}: ${text}`) },
          locations: [
            {
              physicalLocation: {
                artifactLocation: { uri: file.split('/').map(encodeURIComponent).join('/') },
                region: { startLine: line ?? 1 },
              },
            },
          ],
          // The text has sizes, which differ each time.
          partialFingerprints: { schemagate: `${revision}/${id}/${line ?? 1}` },
        })),
      },
    ],
  }
}

function ruleOf(id: string) {
  const rule = findRule(id)
  const text = rule === undefined ? id.replaceAll('-', ' ') : `${rule.finds}: ${rule.because}`
  return {
    id,
    shortDescription: { text },
    help: {
      text: rule === undefined ? 'docs/plan.md and docs/ddl.md say what it means.' : `Safer: ${rule.safer}`,
    },
  }
}
