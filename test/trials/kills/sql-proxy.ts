// Between a program and PostgreSQL: reads every statement as it passes, Pawl's, pg_dump's and pg_restore's, and lets the trap hold it.
// The messages are those of https://www.postgresql.org/docs/current/protocol-message-formats.html
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Trap } from './trap.ts'

export interface Proxy {
  port: number
  stop: () => Promise<void>
}

/** First messages have no type: they ask for encryption or begin the session. */
const ASKS_FOR_ENCRYPTION = new Set([80877103, 80877104])
/** So much is read on while a statement is held: only who reads sees that the other end is gone. */
const AHEAD_BYTES = 64 * 1024 * 1024
const READY = Buffer.from([0x5a, 0, 0, 0, 5])

interface Message {
  bytes: Buffer
  /** Of a Query or a Parse. */
  statement?: string
}

function textAt(bytes: Buffer, from: number): { text: string; next: number } {
  const end = bytes.indexOf(0, from)
  return { text: bytes.toString('utf8', from, end), next: end + 1 }
}

function statementIn(bytes: Buffer): string | undefined {
  const type = String.fromCharCode(bytes[0] ?? 0)
  if (type === 'Q') return textAt(bytes, 5).text
  return type === 'P' ? textAt(bytes, textAt(bytes, 5).next).text : undefined
}

/** Whole messages of a client, in order. */
async function* messages(client: Socket): AsyncGenerator<Message> {
  let begun: Buffer = Buffer.alloc(0)
  let started = false
  const ahead = new PassThrough({ highWaterMark: AHEAD_BYTES })
  client.on('error', () => ahead.end())
  for await (const chunk of client.pipe(ahead) as AsyncIterable<Buffer>) {
    begun = begun.length === 0 ? chunk : Buffer.concat([begun, chunk])
    for (;;) {
      const offset = started ? 1 : 0
      if (begun.length < offset + 4) break
      const length = offset + begun.readInt32BE(offset)
      if (begun.length < length || (!started && length < 8)) break
      const bytes = begun.subarray(0, length)
      begun = begun.subarray(length)
      const statement = started ? statementIn(bytes) : undefined
      started ||= !ASKS_FOR_ENCRYPTION.has(bytes.readInt32BE(4))
      yield { bytes, ...(statement === undefined ? {} : { statement }) }
    }
  }
}

async function send(to: Socket, bytes: Buffer): Promise<void> {
  if (to.destroyed || to.write(bytes)) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      to.off('drain', done).off('close', done)
      resolve()
    }
    to.on('drain', done).on('close', done)
  })
}

async function join(client: Socket, port: number, trap: Trap): Promise<void> {
  const server = connect({ host: '127.0.0.1', port })
  server.on('error', () => undefined)
  await once(server, 'connect')
  const clientPort = server.localPort ?? 0
  let asked: string | undefined
  const there = async (): Promise<void> => {
    for await (const { bytes, statement } of messages(client)) {
      if (statement !== undefined) {
        // Whoever was killed there sends nothing any more; a moment, until that is seen here.
        if (await trap.pass({ way: 'sql', moment: 'before', text: statement, clientPort })) await sleep(20)
        if (client.destroyed || client.readableEnded) return
        asked = statement
      }
      await send(server, bytes)
    }
  }
  const back = async (): Promise<void> => {
    for await (const chunk of server as AsyncIterable<Buffer>) {
      // The last message of every answer, and nothing comes after it.
      if (asked !== undefined && chunk.length >= 6 && chunk.subarray(-6, -1).equals(READY)) {
        const text = asked
        asked = undefined
        await trap.pass({ way: 'sql', moment: 'after', text, clientPort })
      }
      await send(client, chunk)
    }
  }
  await Promise.race([there().catch(() => undefined), back().catch(() => undefined)])
  client.destroy()
  server.destroy()
}

export async function sqlProxy(port: number, trap: Trap): Promise<Proxy> {
  const clients = new Set<Socket>()
  const server = createServer((client) => {
    clients.add(client)
    client.on('error', () => undefined)
    client.on('close', () => clients.delete(client))
    join(client, port, trap).catch(() => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const client of clients) client.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
