// All databases of a backup: every snapshot is taken before the first is read, and each is let go as soon as its database has been
// read, whatever the store still has to take of it.
import type { DataDeps, TaskContext } from '../deps.ts'
import { together } from '../parallel.ts'
import type { WorkDir } from '../../ports/workdir.ts'
import {
  dumpDatabase,
  readBefore,
  shippingOf,
  storedAs,
  type Before,
  type DumpOptions,
  type Dumped,
  type Read,
  type Subject,
} from './database.ts'
import { estimatedRows } from './evidence.ts'
import { watchLockQueue, type LockWatch } from './lock-queue.ts'
import { holdSnapshot, type Snapshot } from './snapshot.ts'

interface Held {
  subject: Subject
  before: Before
  snapshot: Snapshot
  watch?: LockWatch
}

async function letGo({ snapshot, watch }: Held): Promise<void> {
  await watch?.stop()
  await snapshot.release()
}

/** Whoever watches is to know from the beginning what is still to come. */
function announce(context: TaskContext, held: readonly Held[]): void {
  for (const { subject, snapshot } of held) {
    const { role } = subject.database
    context.report({ phase: 'dump', role, bytes: 0 })
    context.report({ phase: 'digest', role, rows: 0, rowsTotal: estimatedRows(snapshot.tables) })
  }
}

/** Throws what `isLockQueue` knows where somebody waits behind a snapshot: all of them are let go at once. */
export async function dumpAll(
  deps: DataDeps,
  context: TaskContext,
  work: WorkDir,
  subjects: readonly Subject[],
  options: Omit<DumpOptions, 'before'>,
): Promise<{ dumped: Dumped[]; snapshotSpreadMs: number }> {
  const held: Held[] = []
  try {
    const looks: [Subject, Before][] = []
    for (const subject of subjects) looks.push([subject, await readBefore(deps, context, subject)])
    for (const [subject, before] of looks) {
      const { database, target, version } = subject
      const one: Held = {
        subject,
        before,
        snapshot: await holdSnapshot(deps, context, database, target, version.major),
      }
      held.push(one)
      one.watch = await watchLockQueue(deps, target, context.signal)
    }
    announce(context, held)
    const all = held.map((one) => ({ ...one, ship: shippingOf(context, work, one.subject.database.role, options) }))
    const reads: Read[] = []
    async function readAll(inner: AbortSignal): Promise<void> {
      const ends = held.flatMap(({ snapshot, watch }) => [snapshot.lost, ...(watch === undefined ? [] : [watch.stuck])])
      const signal = AbortSignal.any([inner, ...ends])
      // A statement that is under way in a snapshot ends with its connection.
      const end = (): void => void Promise.all(held.map(({ snapshot }) => snapshot.release()))
      signal.addEventListener('abort', end, { once: true })
      for (const one of all) {
        reads.push(
          await dumpDatabase(deps, { ...context, signal }, work, one.subject, one, { ...options, before: one.before }),
        )
        await letGo(one)
      }
      signal.removeEventListener('abort', end)
    }
    await together<[void, void]>(context.signal, [
      readAll,
      async (signal) => {
        for (const { ship } of all) await ship.run(signal)
      },
    ])
    const times = held.map(({ snapshot }) => Date.parse(snapshot.takenAt))
    return {
      dumped: reads.map((read, at) => storedAs(read, all[at]?.ship.parts ?? [])),
      snapshotSpreadMs: Math.max(...times) - Math.min(...times),
    }
  } finally {
    for (const one of held) await letGo(one)
  }
}
