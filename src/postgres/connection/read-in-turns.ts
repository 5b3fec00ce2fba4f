import type { Readable } from 'node:stream'

/** Node reads at most so many bytes from a socket at once, and a TLS record has a quarter of them. */
const longAnswer = 16_384

/**
 * Reads a long answer chunk by chunk, with a turn of the event loop for each. Otherwise Node reads up to 2 MB that have arrived
 * in a single turn, and pg parses them all while requests wait.
 */
export function readInTurns(stream: Readable): void {
  stream.on('data', (chunk: Buffer) => {
    if (chunk.length < longAnswer) return
    stream.pause()
    setImmediate(() => stream.resume())
  })
}
