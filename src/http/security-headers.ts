import { createHash } from 'node:crypto'
import { pageStyle } from './page.js'

const styleHash = createHash('sha256').update(pageStyle).digest('base64')

/**
 * The headers of every answer of ours. A page may have our style and nothing else: no script, no frame around it, no form, and
 * no address of it in the requests of links.
 */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
}
