import { readFileSync } from 'node:fs'

/** The version of schemagate; null where its package.json is not beside it, as in an application that is one bundle. */
export function ownVersion(): string | null {
  try {
    // In a checkout and in the package it is two folders up.
    const { name, version }: { name: string; version: string } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    )
    return name === 'schemagate' ? version : null
  } catch {
    return null
  }
}
