import { setFlagsFromString } from 'node:v8'

/** How much bytecode of a function V8 runs before it optimises the function; its own default is a fifteenth. */
const bytesBeforeOptimizing = 2_000_000

/**
 * For a process that ends within seconds: most of what V8 optimises there is compiled for longer than it is used, while
 * PostgreSQL and the main thread could use the core. Node 24 counts in another way, and goes on as before.
 */
export function optimizeLate(): void {
  setFlagsFromString(`--interrupt-budget=${bytesBeforeOptimizing}`)
}
