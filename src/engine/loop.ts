// The loop: observe -> decide -> act -> record -> observe. It owns no knowledge of the product; steps look, core decides.
import { PawlError, reportOf, type ErrorReport } from '../core/errors.ts'
import { afterFailure, decide, nextRow, type Decision, type Observation } from '../core/run/decide.ts'
import { nextCommand } from '../core/run/next.ts'
import { protocolOf, type Protocol } from '../core/run/protocol.ts'
import type { RunState, StepName } from '../core/run/run.ts'
import type { Step, StepContext } from '../steps/step.ts'
import type { Journal } from './journal.ts'

/** Called at every boundary where a process may die; tests kill there. */
export type Checkpoint = (name: string) => Promise<void>

export interface LoopDeps {
  journal: Journal
  steps: Record<StepName, Step>
  /** A fresh context for the state as it is now. */
  context: (state: RunState) => StepContext
  checkpoint: Checkpoint
  /** Aborted when the operator asks to stop: the loop ends at the next safe point. */
  stop: AbortSignal
  /** Aborted when ownership is lost: nothing more may be done. */
  lost: AbortSignal
  by: string
}

/** A look that could not be had may be had a moment later; the writers may be stopped meanwhile, so that there are few of them. */
const LOOKS = 3
const LOOK_PAUSE_MS = 2_000

/** Runs until the run ends, parks or is stopped; gives the state it left in the journal. */
export async function runLoop(deps: LoopDeps): Promise<RunState> {
  const protocol = protocolOf(deps.journal.run.spec.kind)
  const acted = new Set<StepName>()
  for (;;) {
    deps.lost.throwIfAborted()
    const { state } = deps.journal
    const row = nextRow(protocol, state)
    // What has nothing left to do but to end is not stopped: nobody would have to go on with it.
    if (deps.stop.aborted && row !== undefined && state.ended === undefined && state.parked === undefined)
      return await recordStop(deps)
    const observation = row === undefined ? undefined : await observe(deps, deps.steps[row.step], state)
    if (observation === 'stopped') continue
    const decision = withoutEffect(decide(protocol, state, observation), acted, protocol, state)
    if (decision.do === 'nothing') return state
    await carryOut(deps, decision, acted, protocol)
  }
}

async function carryOut(deps: LoopDeps, decision: Decision, acted: Set<StepName>, protocol: Protocol): Promise<void> {
  const { journal, checkpoint } = deps
  switch (decision.do) {
    case 'act':
      await act(deps, decision.step, decision.attempt, acted, protocol)
      return
    case 'wait':
      await waitFor(deps, decision.forMs)
      return
    case 'record': {
      const { step, evidence, phase } = decision
      await checkpoint(`${step}:before-done`)
      await journal.append({ event: 'done', step, evidence, ...(phase === undefined ? {} : { phase }) })
      await checkpoint(`${step}:after-done`)
      return
    }
    case 'record-failure':
      acted.delete(decision.step)
      await journal.append({ event: 'failed', step: decision.step, attempt: decision.attempt, error: decision.error })
      return
    case 'park':
      await park(deps, decision.step, decision.error)
      return
    case 'end':
      await journal.append({ event: 'ended', outcome: decision.outcome })
      await checkpoint('ended')
      return
    case 'nothing':
      return
  }
}

async function act(
  deps: LoopDeps,
  name: StepName,
  attempt: number,
  acted: Set<StepName>,
  protocol: Protocol,
): Promise<void> {
  const { journal, checkpoint } = deps
  await checkpoint(`${name}:before-intent`)
  const state = await journal.append({ event: 'intent', step: name, attempt })
  await checkpoint(`${name}:after-intent`)
  deps.lost.throwIfAborted()
  try {
    await deps.steps[name].act(deps.context(state), attempt)
    acted.add(name)
  } catch (error) {
    if (isStop(deps, error)) return
    deps.lost.throwIfAborted()
    const retryable = error instanceof PawlError && error.retryable
    await carryOut(
      deps,
      afterFailure(protocol, journal.state, name, attempt, reportOf(error), retryable),
      acted,
      protocol,
    )
    return
  }
  await checkpoint(`${name}:after-act`)
}

async function observe(deps: LoopDeps, step: Step, state: RunState): Promise<Observation | 'stopped'> {
  // A journal that is over or parked needs no look at the world.
  if (state.ended !== undefined || state.parked !== undefined) return { is: 'todo' }
  for (let looks = 1; ; looks += 1) {
    try {
      return await step.observe(deps.context(state))
    } catch (error) {
      if (isStop(deps, error)) return 'stopped'
      deps.lost.throwIfAborted()
      const again = error instanceof PawlError && error.retryable && looks < LOOKS
      if (!again) return { is: 'failed', error: reportOf(error) }
    }
    await waitFor(deps, LOOK_PAUSE_MS * looks)
    if (deps.stop.aborted) return 'stopped'
    deps.lost.throwIfAborted()
  }
}

/** An act that returned and left nothing behind must not be made for ever. */
function withoutEffect(decision: Decision, acted: Set<StepName>, protocol: Protocol, state: RunState): Decision {
  if (decision.do !== 'act' || !acted.has(decision.step)) return decision
  const error = reportOf(
    new PawlError({ code: 'unknown-state', message: `step ${decision.step} was made and its effect is not there` }),
  )
  return afterFailure(protocol, state, decision.step, decision.attempt, error, true)
}

async function park(deps: LoopDeps, step: StepName, error: ErrorReport): Promise<void> {
  const { run, state } = deps.journal
  const next = nextCommand(run.spec.kind, state.phase, step, error, {
    release: run.spec.plan.release,
    namespace: run.namespace,
  })
  await deps.journal.append({ event: 'parked', step, error, next })
  await deps.checkpoint('parked')
}

async function recordStop(deps: LoopDeps): Promise<RunState> {
  return await deps.journal.append({ event: 'stopped', by: deps.by, why: 'the operator asked to stop' })
}

function isStop(deps: LoopDeps, error: unknown): boolean {
  return deps.stop.aborted && !deps.lost.aborted && (error === deps.stop.reason || isAbort(error))
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')
}

async function waitFor(deps: LoopDeps, ms: number): Promise<void> {
  const context = deps.context(deps.journal.state)
  try {
    await context.clock.sleep(ms, context.signal)
  } catch (error) {
    if (!isStop(deps, error)) throw error
  }
}
