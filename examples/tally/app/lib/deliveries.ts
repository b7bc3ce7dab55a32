// Writes and reads deliveries the way the schema of this release wants them.
import type pg from 'pg'
import type { Release } from './release.ts'

export type NewDelivery = {
  readonly id: number
  readonly name: string
  readonly town: string
  readonly priority: 'low' | 'normal' | 'express'
  readonly declaredValue: number
  readonly carrierId: number
}

const ranks = { low: 1, normal: 2, express: 3 } as const

/** Which of the two data-changing migrations this release has behind it. */
export function shapeOf(ledger: readonly string[]): { splitRecipient: boolean; rankedPriority: boolean } {
  return {
    splitRecipient: ledger.includes('20260302100000-split-recipient'),
    rankedPriority: ledger.includes('20260304100000-priority-rank'),
  }
}

export async function insertDelivery(client: pg.Client, release: Release, delivery: NewDelivery): Promise<void> {
  const { splitRecipient, rankedPriority } = shapeOf(release.ledger)
  const values: Record<string, unknown> = {
    id: delivery.id,
    reference: `TLY-${delivery.id}`,
    carrier_id: delivery.carrierId,
    declared_value: delivery.declaredValue.toFixed(2),
    priority: rankedPriority ? ranks[delivery.priority] : delivery.priority,
    attributes: { by: release.appVersion },
    ...(splitRecipient
      ? { recipient_name: delivery.name, recipient_town: delivery.town }
      : { recipient: `${delivery.name}, ${delivery.town}` }),
  }
  const columns = Object.keys(values)
  const places = columns.map((_, index) => `$${index + 1}`)
  await client.query(
    `INSERT INTO deliveries (${columns.join(', ')}) VALUES (${places.join(', ')})`,
    Object.values(values),
  )
}

/** The newest deliveries, newest first. Fails on a schema that is not this release's. */
export async function newestDeliveries(
  client: pg.Client,
  release: Release,
  limit: number,
): Promise<Record<string, unknown>[]> {
  const recipient = shapeOf(release.ledger).splitRecipient ? 'recipient_name, recipient_town' : 'recipient'
  const { rows } = await client.query<Record<string, unknown>>(
    `SELECT id, reference, status, priority, declared_value, recorded_at, ${recipient} FROM deliveries ORDER BY id DESC LIMIT $1`,
    [limit],
  )
  return rows
}

/**
 * Ids that are unique even after a restore turned every sequence back: microseconds since 1970, always rising within
 * one process. Below 2^53, so a JavaScript number holds them.
 */
export function createIdSource(now: () => number = Date.now): () => number {
  let last = 0
  return () => {
    last = Math.max(last + 1, now() * 1000)
    return last
  }
}
