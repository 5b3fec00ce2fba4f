import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** What no client of good will sends, as it goes over the wire. Each is to be refused with 4xx, or cut off. */
export function hostileRequests(token: string): readonly string[] {
  const report = (body: string, headers = ''): string =>
    `POST /api/v1/reports HTTP/1.1\r\nhost: soak\r\nconnection: close\r\nauthorization: Bearer ${token}\r\n` +
    `content-type: application/json\r\n${headers}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  const get = (path: string, headers = ''): string =>
    `GET ${path} HTTP/1.1\r\nhost: soak\r\nconnection: close\r\n${headers}\r\n`
  return [
    report(`{"a":"${'x'.repeat(300_000)}"}`),
    report(`${'['.repeat(100_000)}${']'.repeat(100_000)}`),
    report('{"service":"soak",'),
    report('null'),
    report('{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}}'),
    report(withService('\\u0000')),
    report(withService('\\ud800')),
    report(withService('x'.repeat(201))),
    report(withService('soak').replace('"pass"', '"excellent"')),
    report(withService('soak'), 'content-encoding: gzip\r\nexpect: nonsense\r\n'),
    report(withService('soak')).replace(token, `${token}x`),
    report(withService('soak')).replace('application/json', 'text/plain'),
    report(withService('soak')).replace(/content-length: \d+/, 'content-length: -1'),
    report(withService('soak')).replace('POST', 'BREW'),
    report('').replace('content-length: 0', 'transfer-encoding: chunked') + 'fffffffffffffffff\r\n',
    get('/api/v1/environments/%00/%ff/reports'),
    get(`/api/v1/environments/${'x'.repeat(20_000)}/y/reports`),
    get('/api/v1/environments/soak/client-0/reports?limit=1e9'),
    get("/api/v1/environments/soak/client-0/reports?after=';drop%20table%20fleet_reports--"),
    get('/../../etc/passwd'),
    get('/health/live', `x-long: ${'x'.repeat(40_000)}\r\n`),
    '\u0016\u0003\u0001\u0002 this is no HTTP\r\n\r\n',
  ]
}

/** The beginnings of requests whose rest never comes. */
export const unfinishedRequests: readonly string[] = [
  '',
  'GET /health/live HTTP/1.1\r\nhost: so',
  'POST /api/v1/reports HTTP/1.1\r\nhost: soak\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"ser',
]

/** Opens a connection and sends this. It stays open. */
export async function open(url: string, text: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  // Being cut off is one of the answers.
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

/** Sends this, and waits for the end. The status, 0 where the connection just ended. */
export async function provoke(url: string, text: string): Promise<number> {
  const socket = await open(url, text)
  let answer = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    answer += chunk
  })
  const timer = setTimeout(() => socket.destroy(), 10_000)
  // `once` would reject where the connection is reset.
  await new Promise((resolve) => socket.on('close', resolve))
  clearTimeout(timer)
  return Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0)
}

function withService(service: string): string {
  const revision = '{"current":null,"head":null,"position":null,"pending":[],"unknown":[]}'
  const health = `{"status":"pass","phase":"serving","revision":${revision}}`
  return `{"service":"${service}","environment":"hostile","instance":"hostile","health":${health}}`
}
