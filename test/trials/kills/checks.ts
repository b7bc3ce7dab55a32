// What must hold after every kill: nothing that was good is lost, and nothing is left over.
import { expect } from 'vitest'
import { LIVE, type Ground } from './ground.ts'

export interface Checks {
  /** Holds at every moment, between the attempts too. What a killed program had started may still run: the next attempt begins anyway. */
  nothingLost: () => Promise<void>
  liveUntouched: () => Promise<void>
  /** Of processes and sessions, temporary files, databases; and live rows and the good set are what they were. */
  nothingLeft: (settleMs?: number) => Promise<void>
}

/** What is good is what is there now. */
export async function checksOf(ground: Ground, goodSet: string): Promise<Checks> {
  const [rows, bytes] = [await ground.rows(), await ground.stored(goodSet)]
  return {
    async nothingLost() {
      await ground.answers()
      expect(await ground.stored(goodSet)).toEqual(expect.objectContaining(bytes))
    },
    async liveUntouched() {
      expect(await ground.rows()).toEqual(rows)
    },
    async nothingLeft(settleMs) {
      expect(await ground.stillRunning(settleMs)).toEqual([])
      expect(await ground.temporary()).toEqual([])
      expect(await ground.databaseNames()).toEqual(LIVE)
      expect(await ground.rows()).toEqual(rows)
      expect(await ground.stored(goodSet)).toEqual(expect.objectContaining(bytes))
    },
  }
}
