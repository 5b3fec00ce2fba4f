import { baseline } from './baseline.js'

await baseline(process.argv[2] ?? '')
