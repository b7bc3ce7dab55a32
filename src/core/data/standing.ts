// How a database stood when somebody looked, and what the difference between two looks says: something was written.
import { textOf } from '../json.ts'

/** A still database keeps all three; each of them misses some kind of write. */
export interface Standing {
  /** Rows of user tables and pieces of large objects inserted + updated + deleted since the server's statistics began. */
  writeCounter: string
  /** SHA-256 over the catalogue: tables, columns, constraints, indexes. Equal means the same structure. */
  schemaFingerprint: string
  /** SHA-256 over where each table's rows lie and where each sequence stands: a TRUNCATE and a `nextval` count no row. */
  placement: string
}

export function standingOf({ writeCounter, schemaFingerprint, placement }: Standing): Standing {
  return { writeCounter, schemaFingerprint, placement }
}

function isBefore(now: string, then: string | undefined): boolean {
  const digits = /^\d+$/
  return then !== undefined && digits.test(then) && digits.test(now) && BigInt(now) < BigInt(then)
}

/** In words, what was written between the two looks; undefined where nothing was. What nobody knows to be equal counts as written. */
export function whatWasWritten(then: Partial<Record<keyof Standing, unknown>>, now: Standing): string | undefined {
  if (isBefore(now.writeCounter, textOf(then.writeCounter)))
    return `its server has begun to count anew, as after a crash (counter ${textOf(then.writeCounter)} then, ${now.writeCounter} now)`
  if (then.writeCounter !== now.writeCounter)
    return `rows were written (counter ${textOf(then.writeCounter) ?? 'unknown'} then, ${now.writeCounter} now)`
  if (then.schemaFingerprint !== now.schemaFingerprint) return 'its structure was changed'
  if (then.placement !== now.placement) return 'a table was emptied or written anew, or a sequence went on'
  return undefined
}
