// The life of a ticket: written, seen by the policies, used for one Helm revision, closed on every way out.
import { TICKET_LABEL, without, type ReleaseGuard, type Ticket } from '../../core/guard/guard.ts'
import { metadataOf } from './records.ts'
import type { StepContext } from '../step.ts'
import { changeGuard, changeGuardOfRun, readGuard } from './guard.ts'
import { proveGuard } from './prove.ts'
import { stampOf } from './stamp.ts'

/** Helm writes its record within seconds; whatever happens to us, the ticket is worthless after this. */
const LIFE_MS = 300_000
const LOOK_MS = 300

/** Makes one Helm write with a ticket, where the release is guarded; `use` gets the labels its record must carry. */
export async function withTicket(
  context: StepContext,
  revision: number,
  use: (labels: Record<string, string>) => Promise<void>,
): Promise<void> {
  const ticket = await issue(context, revision)
  if (ticket === undefined) {
    await use({})
    return
  }
  const over = new AbortController()
  const closing = closeWhenUsed(context, ticket, over.signal)
  try {
    await use({ [TICKET_LABEL]: ticket.value })
  } finally {
    over.abort()
    await closing
    await close(context, ticket)
  }
}

async function issue(context: StepContext, revision: number): Promise<Ticket | undefined> {
  if ((await readGuard(context, context.signal)) === undefined) return undefined
  const { now, random } = await stampOf(context.cluster, context.namespace, context.signal)
  const expires = new Date(now.getTime() + LIFE_MS).toISOString()
  const ticket: Ticket = { value: random, run: context.run, revision, expires }
  // One that a dead process left open goes first: the guard never takes one ticket in place of another.
  await changeGuardOfRun(context, (guard) => without(guard, 'ticket'))
  const guard = await changeGuardOfRun(context, (found) => ({ ...found, ticket }))
  if (guard === undefined) return undefined
  try {
    await proveGuard(context, guard, ticket, context.signal)
  } catch (error) {
    await close(context, ticket)
    throw error
  }
  return ticket
}

/** Ends with the Helm write. */
async function closeWhenUsed(context: StepContext, ticket: Ticket, over: AbortSignal): Promise<void> {
  const { cluster, namespace, release, clock } = context
  try {
    while (!over.aborted) {
      const records = await metadataOf({ cluster, namespace, release }, over)
      if (records.some(({ revision }) => revision >= ticket.revision)) {
        await close(context, ticket)
        return
      }
      await clock.sleep(LOOK_MS, over)
    }
  } catch {
    // Closing early is the second line of defence; the end of the write closes it in any case.
  }
}

/** Not by the run's signal: a run that was stopped closes its ticket, too. */
async function close(context: StepContext, ticket: Ticket): Promise<void> {
  const ended = (guard: ReleaseGuard): ReleaseGuard =>
    guard.ticket?.value === ticket.value
      ? { ...without(guard, 'ticket'), revision: Math.max(guard.revision, ticket.revision) }
      : guard
  try {
    if (!context.lost.aborted) await changeGuard(context, ended)
  } catch {
    // It is good for one revision, which exists by now, or ends by the API server's clock: Helm's own answer matters more here.
  }
}
