// A statement may wait half a minute for somebody's lock: who is told to stop ends its connection, and with it the statement.
import type { Connection } from '../../ports/database.ts'

/** Gives what `use` gives; throws the signal's reason as soon as it aborts, and the connection is closed then. */
export async function endedBy<T>(signal: AbortSignal, connection: Connection, use: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const end = (): void => void connection.close()
  signal.addEventListener('abort', end, { once: true })
  try {
    return await use()
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', end)
  }
}
