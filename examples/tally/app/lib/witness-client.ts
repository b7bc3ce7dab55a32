// Tells the witness what was acknowledged, served and found wrong. Without WITNESS_URL it tells nobody.
import { setTimeout as wait } from 'node:timers/promises'
import { messageOf, shout } from './log.ts'
import type { SchemaState } from './schema.ts'

export type Violation = {
  readonly component: string
  readonly pod: string
  readonly release: string
  readonly database: 'ledger' | 'assist'
  readonly schema: string | null
  readonly kind: 'newer' | 'older'
}

export type Ack = { readonly id: number; readonly release: string }
export type Served = { readonly release: string; readonly schema: string | null; readonly reads: number }

export type WitnessClient = {
  /** Repeats until the witness has written it down, or `signal` is aborted. Resolves true when it is written. */
  send(
    path: '/acks' | '/violations' | '/served',
    body: Ack | Violation | Served,
    signal?: AbortSignal,
  ): Promise<boolean>
}

export function createWitnessClient(env: NodeJS.ProcessEnv, pauseMs = 500): WitnessClient {
  const url = env['WITNESS_URL']
  if (!url) return { send: () => Promise.resolve(true) }
  return {
    async send(path, body, signal) {
      while (!signal?.aborted) {
        const problem = await post(new URL(path, url), body)
        if (problem === null) return true
        shout(`witness did not take ${path}: ${problem}; trying again`)
        await wait(pauseMs, undefined, signal ? { signal } : {}).catch(() => undefined)
      }
      return false
    },
  }
}

async function post(url: URL, body: unknown): Promise<string | null> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5_000),
    })
    await response.body?.cancel()
    return response.ok ? null : `HTTP ${response.status}`
  } catch (error) {
    return messageOf(error)
  }
}

/**
 * Watches the states one process sees and reports each wrong one once, until it changes.
 * Loud on purpose: a release on a schema that is not its own is what Pawl promises never to let happen.
 */
export function createAlarm(witness: WitnessClient, who: Omit<Violation, 'schema' | 'kind'>) {
  let last = ''
  return async function alarm(state: SchemaState): Promise<void> {
    const key = `${state.kind} ${state.schema ?? ''}`
    if (key === last) return
    last = key
    if (state.kind !== 'newer' && state.kind !== 'older') return
    shout(
      `${who.component} ${who.release} found the ${who.database} schema ${state.kind} than its own: ${state.schema ?? 'none'}`,
    )
    await witness.send('/violations', { ...who, schema: state.schema, kind: state.kind }, AbortSignal.timeout(10_000))
  }
}
