/** A method call: the name and the arguments as code. */
export type MethodCall = readonly [method: string, ...args: string[]]

/** The maximum length of a line. */
const maxWidth = 110

/**
 * A chain of calls: one line if it fits, otherwise broken where Prettier breaks it.
 *
 * @param start the object of the first call
 */
export function renderChain(start: string, calls: readonly MethodCall[], indent: string): readonly string[] {
  const flat = `${indent}${start}${calls.map((call) => `.${renderCallInline(call)}`).join('')}`
  if (!isTooLong(flat) && !calls.some(hasMultilineArgument)) return flat.split('\n')
  const [only, ...others] = calls
  if (only !== undefined && others.length === 0)
    return renderCallMultiline(`${indent}${start}.`, only, indent)
  return [`${indent}${start}`, ...calls.flatMap((call) => renderCall(`${indent}  .`, call, `${indent}  `))]
}

/** Whether the first line exceeds the maximum. Lines inside a template literal cannot be broken. */
export function isTooLong(text: string): boolean {
  return (text.split('\n')[0] ?? '').length > maxWidth
}

/** Whether a template literal with several lines is one of several arguments, which then get lines of their own. */
function hasMultilineArgument([, ...args]: MethodCall): boolean {
  return args.length > 1 && args.some((argument) => argument.includes('\n'))
}

function renderCallInline([method, ...args]: MethodCall): string {
  return `${method}(${args.join(', ')})`
}

/** One call as lines. `start` is the code before it, with its indentation. */
export function renderCall(start: string, call: MethodCall, indent: string): readonly string[] {
  const flat = `${start}${renderCallInline(call)}`
  return isTooLong(flat) || hasMultilineArgument(call)
    ? renderCallMultiline(start, call, indent)
    : flat.split('\n')
}

/** An options object opens on the line of the call; other arguments get lines of their own. */
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
