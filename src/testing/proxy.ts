// A company's proxy: takes whoever asks (CONNECT) to wherever this machine reaches, and remembers where that was.
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'

export interface Proxy {
  url: string
  /** `host:port` of each connection. */
  asked: string[]
  stop: () => void
}

export async function startProxy(address: string): Promise<Proxy> {
  const asked: string[] = []
  const server = createServer()
  server.on('connect', ({ url = '' }, client) => {
    asked.push(url)
    const [host = '', port] = url.split(':')
    const target = connect(Number(port), host, () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'))
    target.pipe(client).pipe(target)
    for (const side of [client, target]) side.on('error', () => client.destroy() && target.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://${address}:${port}`, asked, stop: () => void server.close() }
}
