import { escapeXml } from './markup.js'

/** A test case of a JUnit report. */
export interface JunitCase {
  readonly name: string
  readonly failures: readonly { readonly message: string; readonly text: string }[]
  /** Why it was not run; null where it was. */
  readonly skipped: string | null
}

/** A JUnit report of one suite, for CI systems that show those; `command` is what was run. */
export function renderJunit(command: string, cases: readonly JunitCase[]): string {
  const failed = cases.filter(({ failures }) => failures.length > 0).length
  const skipped = cases.filter((each) => each.skipped !== null).length
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="schemagate ${command}" tests="${cases.length}" failures="${failed}" skipped="${skipped}">`,
    ...cases.map((each) => renderCase(command, each)),
    '</testsuite>',
  ].join('\n')
}

function renderCase(command: string, { name, failures, skipped }: JunitCase): string {
  const open = `  <testcase classname="${command}" name="${escapeXml(name)}"`
  const inside = [
    ...failures.map(
      ({ message, text }) => `    <failure message="${escapeXml(message)}">${escapeXml(text)}</failure>`,
    ),
    ...(skipped === null ? [] : [`    <skipped message="${escapeXml(skipped)}"/>`]),
  ]
  return inside.length === 0 ? `${open}/>` : [`${open}>`, ...inside, '  </testcase>'].join('\n')
}
