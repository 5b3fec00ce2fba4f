/**
 * Loads modules that import pg. To find out whether it runs at Cloudflare, pg looks at `navigator`, which Node has since 21.
 * Without it pg makes a Response, and Node 20 then loads all of `fetch`, which takes longer than pg itself.
 */
export async function loadWithoutFetch<T>(load: () => Promise<T>): Promise<T> {
  if ('navigator' in globalThis) return load()
  Object.defineProperty(globalThis, 'navigator', { value: { userAgent: 'Node.js/20' }, configurable: true })
  try {
    return await load()
  } finally {
    Reflect.deleteProperty(globalThis, 'navigator')
  }
}
