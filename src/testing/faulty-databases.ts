// Databases whose statements can be made to fail, or whose connections can be cut, at a place of the test's choosing.
import { PawlError } from '../core/errors.ts'
import type { Connection, Databases } from '../ports/database.ts'

export interface FaultyDatabases extends Databases {
  /** Every statement so far, in order. */
  readonly statements: string[]
  /** Called with each statement and its number (from 0) before it runs; throw to make it fail. */
  before: (sql: string, number: number) => void | Promise<void>
}

export function faultyDatabases(inner: Databases): FaultyDatabases {
  const statements: string[] = []
  const faulty: FaultyDatabases = {
    statements,
    before: () => undefined,
    async connect(target, settings, signal) {
      const connection = await inner.connect(target, settings, signal)
      const wrapped: Connection = {
        lost: connection.lost,
        close: () => connection.close(),
        async query(sql, parameters) {
          const number = statements.length
          statements.push(sql)
          try {
            await faulty.before(sql, number)
          } catch (error) {
            // Like a killed process: what was open is gone with it.
            await connection.close()
            throw error
          }
          return await connection.query(sql, parameters)
        },
      }
      return wrapped
    },
  }
  return faulty
}

/** Like a process killed before statement `point`: neither that one nor anything after it is done, no clearing up either. */
export function cutAt(inner: Databases, point: number): FaultyDatabases {
  const faulty = faultyDatabases(inner)
  faulty.before = (_, number) => {
    if (number >= point) throw cut()
  }
  return faulty
}

/**
 * How work on databases that are cut at `point` ended: its failure, or undefined where it was done in fewer statements. How many
 * a restore has differs from time to time, for it looks by the clock how far it is.
 */
export async function failureAt(faulty: FaultyDatabases, point: number, work: Promise<unknown>): Promise<unknown> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (failure === undefined && faulty.statements.length > point) throw new Error('it did not notice that it was cut')
  return failure
}

/** What a cut connection looks like. */
export function cut(): PawlError {
  return new PawlError({ code: 'database-unreachable', message: 'the connection was cut' })
}
