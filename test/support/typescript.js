// Compiles the TypeScript that tests load: `node --import ./test/support/typescript.js`.
import { register } from 'node:module'

register('./typescript-hooks.js', import.meta.url)
