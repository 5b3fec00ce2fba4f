import { generateKeyPairSync, sign } from 'node:crypto'

/** A key and the certificate for localhost that it has signed itself, in PEM. */
export function selfSignedCertificate(): { readonly key: string; readonly certificate: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const algorithm = sequence(objectId('2a8648ce3d040302'))
  const name = sequence(set(sequence(objectId('550403'), encode(0x0c, Buffer.from('localhost')))))
  const body = sequence(
    encode(0x02, Buffer.from([1])),
    algorithm,
    name,
    sequence(time('250101000000Z'), time('490101000000Z')),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = sign('sha256', body, privateKey)
  const certificate = sequence(body, algorithm, encode(0x03, Buffer.concat([Buffer.from([0]), signature])))
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64')}\n-----END CERTIFICATE-----\n`,
  }
}

/** A value of ASN.1: its tag, its length, its content. */
function encode(tag: number, content: Buffer): Buffer {
  const { length } = content
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}

const sequence = (...parts: readonly Buffer[]): Buffer => encode(0x30, Buffer.concat(parts))
const set = (part: Buffer): Buffer => encode(0x31, part)
const objectId = (hex: string): Buffer => encode(0x06, Buffer.from(hex, 'hex'))
const time = (text: string): Buffer => encode(0x17, Buffer.from(text))
