import { isRecord } from '../core/text/is-record.js'

const typeAdvice = 'MODULE_TYPELESS_PACKAGE_JSON'

let loading = 0
let isInstalled = false

/** Runs `load` without Node's advice to give the package of a file a type, which is for the project's author. */
export async function withoutTypeAdvice<T>(load: () => Promise<T>): Promise<T> {
  installOnce()
  loading += 1
  try {
    return await load()
  } finally {
    loading -= 1
  }
}

function installOnce(): void {
  if (isInstalled) return
  isInstalled = true
  const emit = process.emitWarning.bind(process)
  const emitOther = (...args: readonly unknown[]): void => {
    const isAdvice = isRecord(args[1]) && args[1]['code'] === typeAdvice
    if (!isAdvice || loading === 0) Reflect.apply(emit, null, args)
  }
  Object.defineProperty(process, 'emitWarning', { value: emitOther, configurable: true, writable: true })
}
