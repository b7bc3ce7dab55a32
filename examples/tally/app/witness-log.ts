// What the witness knows, kept in memory and in an append-only file that is on the disk before anybody is answered.
import { closeSync, existsSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import type { Ack, Served, Violation } from './lib/witness-client.ts'

export type Entry =
  | ({ readonly type: 'ack'; readonly at: string } & Ack)
  | ({ readonly type: 'violation'; readonly at: string } & Violation)
  | ({ readonly type: 'served'; readonly at: string } & Served)

export type Summary = {
  readonly acknowledged: number
  readonly firstId: number | null
  readonly lastId: number | null
  readonly violations: readonly (Violation & { readonly at: string })[]
  readonly served: { readonly reads: number; readonly byRelease: Readonly<Record<string, number>> }
}

export type WitnessLog = {
  /** Returns when the entry is on the disk. An id that is already known is not counted again. */
  append(entry: Entry): void
  summary(): Summary
  /** Acknowledged ids greater than `after`, in rising order. */
  acksAfter(after: number): number[]
  close(): void
}

/**
 * Opens the file, made when missing. A last line without its end (a crash in the middle of a write) was never answered
 * for and is cut off.
 * @throws when a complete line is unreadable: a witness that forgets proves nothing.
 */
export function openWitnessLog(file: string): WitnessLog {
  const acks = new Set<number>()
  const violations: (Violation & { at: string })[] = []
  const byRelease: Record<string, number> = {}
  const descriptor = openSync(file, existsSync(file) ? 'r+' : 'wx+', 0o600)
  const text = readFileSync(file, 'utf8')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  let position = Buffer.byteLength(whole)
  ftruncateSync(descriptor, position)
  for (const line of whole.split('\n').filter((part) => part !== '')) take(JSON.parse(line) as Entry)

  return {
    append(entry) {
      if (entry.type === 'ack' && acks.has(entry.id)) return
      position += writeSync(descriptor, `${JSON.stringify(entry)}\n`, position)
      fsyncSync(descriptor)
      take(entry)
    },
    summary() {
      const ids = sorted()
      return {
        acknowledged: acks.size,
        firstId: ids[0] ?? null,
        lastId: ids.at(-1) ?? null,
        violations,
        served: { reads: Object.values(byRelease).reduce((sum, reads) => sum + reads, 0), byRelease },
      }
    },
    acksAfter: (after) => sorted().filter((id) => id > after),
    close: () => closeSync(descriptor),
  }

  function sorted(): number[] {
    return [...acks].sort((a, b) => a - b)
  }

  function take(entry: Entry): void {
    if (entry.type === 'ack') acks.add(entry.id)
    else if (entry.type === 'served') byRelease[entry.release] = (byRelease[entry.release] ?? 0) + entry.reads
    else {
      const { type: _, ...violation } = entry
      violations.push(violation)
    }
  }
}
