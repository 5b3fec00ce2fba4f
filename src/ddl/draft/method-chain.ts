/** A call of a method: its name and what stands between the brackets. */
export type MethodCall = readonly [method: string, ...args: string[]]

/** The widest line that is not broken. */
const maxWidth = 110

/**
 * Calls one after the other, as lines: on one if it fits, else broken where Prettier breaks them.
 *
 * @param start what the first method is called on
 */
export function renderChain(start: string, calls: readonly MethodCall[], indent: string): readonly string[] {
  const flat = `${indent}${start}${calls.map((call) => `.${renderCallInline(call)}`).join('')}`
  if (!isTooLong(flat) && !calls.some(hasMultilineArgument)) return flat.split('\n')
  const [only, ...others] = calls
  if (only !== undefined && others.length === 0)
    return renderCallMultiline(`${indent}${start}.`, only, indent)
  return [`${indent}${start}`, ...calls.flatMap((call) => renderCall(`${indent}  .`, call, `${indent}  `))]
}

/** The first line counts: a text of several lines keeps them. */
export function isTooLong(text: string): boolean {
  return (text.split('\n')[0] ?? '').length > maxWidth
}

/** A text of several lines is alone in its brackets, or has lines of its own. */
function hasMultilineArgument([, ...args]: MethodCall): boolean {
  return args.length > 1 && args.some((argument) => argument.includes('\n'))
}

function renderCallInline([method, ...args]: MethodCall): string {
  return `${method}(${args.join(', ')})`
}

/** One call as lines. `start` is what stands before it, with its indentation. */
export function renderCall(start: string, call: MethodCall, indent: string): readonly string[] {
  const flat = `${start}${renderCallInline(call)}`
  return isTooLong(flat) || hasMultilineArgument(call)
    ? renderCallMultiline(start, call, indent)
    : flat.split('\n')
}

/** Options stay with the call, anything else gets lines of its own. */
function renderCallMultiline(
  start: string,
  [method, ...args]: MethodCall,
  indent: string,
): readonly string[] {
  const last = args.at(-1) ?? ''
  const options = /^\{ (.*) \}$/.exec(last)?.[1]
  if (options !== undefined) {
    const head = `${start}${method}(${[...args.slice(0, -1), '{'].join(', ')}`
    if (!isTooLong(head))
      return [head, ...options.split(', ').map((option) => `${indent}  ${option},`), `${indent}})`]
  }
  return [
    `${start}${method}(`,
    ...args.flatMap((argument) => renderArgument(argument, `${indent}  `)),
    `${indent})`,
  ]
}

function renderArgument(argument: string, indent: string): readonly string[] {
  const [, method, inner] = /^([\w.]+)\((`.*`)\)$/s.exec(argument) ?? []
  const flat = `${indent}${argument},`
  if (method === undefined || inner === undefined || !isTooLong(flat)) return flat.split('\n')
  return [`${indent}${method}(`, `${indent}  ${inner},`, `${indent}),`]
}
