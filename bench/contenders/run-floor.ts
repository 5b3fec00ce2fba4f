import { floor } from './floor.js'

await floor(process.argv[2] ?? '')
