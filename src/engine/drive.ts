// Taking ownership of a release, beginning runs and driving them: what every door (command line, operator, API) calls.
import { isPawlError, PawlError } from '../core/errors.ts'
import type { Profile } from '../core/profile/profile.ts'
import { RELEASE_LABEL } from '../core/resources.ts'
import type { Installation } from '../core/resources.ts'
import { fold } from '../core/run/fold.ts'
import { nextRow } from '../core/run/decide.ts'
import { canAbort, firstPhaseOf, protocolOf } from '../core/run/protocol.ts'
import type { Run, RunSpec, RunState } from '../core/run/run.ts'
import type { Leases } from '../ports/lease.ts'
import type { Reporter } from '../ports/reporter.ts'
import type { Ids, Who } from '../ports/world.ts'
import { readGuard } from '../steps/guard/guard.ts'
import { STEPS } from '../steps/index.ts'
import { runFilesSecret, runId } from '../steps/names.ts'
import { writeFiles, type Files } from '../steps/release/files.ts'
import { RUN_LABEL, runLabel } from '../steps/release/record.ts'
import type { StepContext, StepDeps } from '../steps/step.ts'
import { createRun, listRuns, openJournal, readRun, type Journal } from './journal.ts'
import { runLoop, type Checkpoint } from './loop.ts'

export interface EngineDeps extends StepDeps {
  leases: Leases
  ids: Ids
  who: Who
  reporter: Reporter
  installation: Installation
  profile: Profile
  checkpoint: Checkpoint
  leaseMs: number
  rolloutTimeoutMs: number
  /** Aborted when the operator asks to stop; the loop ends at the next safe point. */
  stop: AbortSignal
}

export interface Ownership {
  fence: number
  lost: AbortSignal
  /** Throws `fence-lost` where somebody else may have taken over. */
  renew(): Promise<void>
}

/** Owns the release while `work` runs. Throws `run-busy` where somebody alive owns it. */
export async function withOwnership<T>(deps: EngineDeps, work: (ownership: Ownership) => Promise<T>): Promise<T> {
  const { cluster, installation, leases, who, leaseMs, stop } = deps
  // Fences rise above every one that a journal or the guard has seen, even where somebody deleted the Lease.
  const runs = await listRuns(cluster, installation.namespace, installation.release, stop)
  const above = Math.max(await fenceOfGuard(deps), ...runs.map(({ fence }) => fence))
  const lease = await leases.acquire(`pawl-${installation.release}`, who.process, {
    durationMs: leaseMs,
    above,
    signal: stop,
  })
  try {
    return await work({ fence: lease.fence, lost: lease.lost, renew: () => lease.renew() })
  } finally {
    await lease.release()
  }
}

/** 0 for who may not read the guard: a run would be refused there, what does without the guard is not. */
async function fenceOfGuard({ cluster, installation, stop }: EngineDeps): Promise<number> {
  const { namespace, release } = installation
  try {
    return (await readGuard({ cluster, namespace, release }, stop))?.fence ?? 0
  } catch (error) {
    if (isPawlError(error, 'cluster-refused')) return 0
    throw error
  }
}

/** Throws `run-unfinished` where a run of this release has not come to an end. */
export async function refuseUnfinishedRun(deps: EngineDeps, except?: string): Promise<void> {
  const unfinished = await unfinishedRun(deps)
  if (unfinished === undefined || unfinished.name === except) return
  const { release, namespace } = deps.installation
  throw new PawlError({
    code: 'run-unfinished',
    message: `run ${unfinished.name} (${unfinished.spec.kind}) has not come to an end`,
    unchanged: 'Nothing was changed.',
    facts: { run: unfinished.name, release, namespace },
  })
}

/** The newest run that has not ended. */
export async function unfinishedRun(deps: EngineDeps): Promise<Run | undefined> {
  const { namespace, release } = deps.installation
  const runs = await listRuns(deps.cluster, namespace, release)
  return runs.map(({ run }) => run).findLast((run) => run.events.length > 0 && fold(run.events).ended === undefined)
}

/** Writes the files and the Run; the first journal entry makes it exist. What a crash leaves before that is an empty Run that nobody counts. */
export async function beginRun(deps: EngineDeps, ownership: Ownership, spec: RunSpec, files: Files): Promise<string> {
  const { installation, clock, cluster } = deps
  const { namespace, release } = installation
  await guardIsReadable(deps, spec)
  const name = `${release}-${deps.ids.next(clock.now())}`
  await deps.checkpoint('begin:before-files')
  if (Object.keys(files).length > 0) {
    await writeFiles(
      cluster,
      {
        namespace,
        name: runFilesSecret(name),
        labels: { [RELEASE_LABEL]: release, [RUN_LABEL]: runLabel(name) },
      },
      files,
    )
  }
  await createRun(cluster, name, namespace, spec)
  await deps.checkpoint('begin:before-journal')
  const journal = await openJournal(cluster, clock, namespace, name, ownership.fence)
  // Planning takes a while. A run that begins beside a successor's would be the newest of two, and be taken for the only one.
  await ownership.renew()
  await journal.append({ event: 'created', phase: firstPhaseOf(spec.kind), by: spec.by })
  await deps.checkpoint('begin:after-journal')
  return name
}

/** Runs ask the guard when writers are stopped already: who may not read it is told so before. An abort is tried all the same. */
async function guardIsReadable({ cluster, installation, stop }: EngineDeps, spec: RunSpec): Promise<void> {
  if (spec.kind === 'backup') return
  const { namespace, release } = installation
  try {
    await readGuard({ cluster, namespace, release }, stop)
  } catch (error) {
    if (!isPawlError(error, 'cluster-refused')) throw error
    throw new PawlError({
      code: 'cluster-refused',
      message: error.message,
      unchanged: 'Nothing was changed.',
      hint: 'Get the permissions that "pawl guard rbac operating -n {namespace}" prints, then run the command again.',
      facts: { ...error.facts, release, namespace },
      cause: error,
    })
  }
}

export type Intention = 'go-on' | 'resume' | 'abort'

/** Drives one run to its end, or to where it parks or is stopped. */
export async function driveRun(
  deps: EngineDeps,
  ownership: Ownership,
  name: string,
  intention: Intention,
): Promise<{ run: Run; state: RunState }> {
  const { cluster, clock, installation, who } = deps
  const plain = await openJournal(cluster, clock, installation.namespace, name, ownership.fence)
  const journal = reporting(plain, deps.reporter)
  if (journal.state.ended !== undefined) return { run: journal.run, state: journal.state }
  if (intention === 'resume') await guardIsReadable(deps, journal.run.spec)
  await journal.append({ event: 'owned', holder: who.process })
  if (intention === 'resume' && journal.state.parked !== undefined)
    await journal.append({ event: 'resumed', by: who.name })
  if (intention === 'abort') await requestAbort(deps, journal)
  const { spec } = journal.run
  // From here on the upgrade that is recovered from is history: it must never be gone on with on the restored data.
  if (spec.kind === 'recovery' && spec.plan.of !== undefined)
    await supersede(deps, ownership, spec.plan.of, `recovered by ${name}`)
  const memo = new Map<string, unknown>()
  const state = await runLoop({
    journal,
    steps: STEPS,
    context: (current) => contextOf(deps, ownership, journal.run, current, memo),
    checkpoint: deps.checkpoint,
    stop: deps.stop,
    lost: ownership.lost,
    by: who.name,
  })
  if (state.ended !== undefined) await tidyUp(deps, journal.run)
  return { run: journal.run, state }
}

/** Data Jobs have told what they know once a run has ended; migrators stay, their logs may be asked for. */
async function tidyUp(deps: EngineDeps, run: Run): Promise<void> {
  const { cluster, installation } = deps
  const prefix = `pawl-${runId(run.name, installation.release)}-`
  const jobs = await cluster.list({
    apiVersion: 'batch/v1',
    kind: 'Job',
    namespace: run.namespace,
    labelSelector: 'pawl.dev/op',
  })
  for (const { metadata } of jobs.filter((job) => job.metadata.name.startsWith(prefix))) {
    await cluster.remove({ apiVersion: 'batch/v1', kind: 'Job', namespace: run.namespace, name: metadata.name })
  }
}

async function supersede(deps: EngineDeps, ownership: Ownership, name: string, note: string): Promise<void> {
  const { run } = await readRun(deps.cluster, deps.installation.namespace, name)
  if (fold(run.events).ended !== undefined) return
  const journal = await openJournal(deps.cluster, deps.clock, deps.installation.namespace, name, ownership.fence)
  await journal.append({ event: 'ended', outcome: 'superseded', note })
}

async function requestAbort(deps: EngineDeps, journal: Journal): Promise<void> {
  if (journal.state.abortRequested) return
  const { release, namespace } = deps.installation
  if (journal.run.spec.kind === 'recovery') {
    throw new PawlError({
      code: 'run-past-point-of-no-return',
      message: 'a recovery cannot be given up half-way, only gone on with',
      facts: { release, namespace },
    })
  }
  if (journal.state.phase === 'DONE') {
    throw new PawlError({
      code: 'run-past-point-of-no-return',
      message: `run ${journal.run.name} has done all that it was to do, and only has not written down that it ended`,
      unchanged: 'Nothing was changed.',
      hint: 'Let it do that: "pawl runs resume {release} -n {namespace}".',
      facts: { run: journal.run.name, release, namespace },
    })
  }
  if (!canAbort(journal.state.phase)) {
    throw new PawlError({
      code: 'run-past-point-of-no-return',
      message: `run ${journal.run.name} is past the point of no return (${journal.state.phase})`,
      unchanged: 'Nothing was changed.',
      facts: { run: journal.run.name, release, namespace },
    })
  }
  await journal.append({ event: 'abort-requested', by: deps.who.name })
}

function contextOf(
  deps: EngineDeps,
  ownership: Ownership,
  run: Run,
  state: RunState,
  memo: Map<string, unknown>,
): StepContext {
  const { installation, profile, cluster, helm, records, dataPlane, clock, withFiles, parseYaml, rolloutTimeoutMs } =
    deps
  const step = nextRow(protocolOf(run.spec.kind), state)?.step
  return {
    cluster,
    helm,
    records,
    dataPlane,
    clock,
    withFiles,
    parseYaml,
    rolloutTimeoutMs,
    installation,
    profile,
    memo,
    state,
    run: run.name,
    namespace: run.namespace,
    release: installation.release,
    spec: run.spec,
    fence: ownership.fence,
    signal: AbortSignal.any([ownership.lost, deps.stop]),
    lost: ownership.lost,
    stillOwner: () => ownership.renew(),
    report: (progress) => {
      if (step !== undefined) deps.reporter.progress(step, progress)
    },
  }
}

function reporting(journal: Journal, reporter: Reporter): Journal {
  return {
    get run() {
      return journal.run
    },
    get state() {
      return journal.state
    },
    async append(event, signal) {
      const state = await journal.append(event, signal)
      reporter.state(journal.run, state)
      return state
    },
  }
}
