// Preflight of a backup by itself: the gates of an upgrade that have to do with backing up.
import type { ImagesWish } from '../../core/images/wish.ts'
import { plannedDatabases, refusalOfGates } from '../../core/plan/build.ts'
import type { PlanFacts } from '../../core/plan/facts.ts'
import { valueOf } from '../../core/plan/facts.ts'
import { answersFor, isFinal } from '../../core/plan/gates/index.ts'
import type { GateAnswer } from '../../core/plan/plan.ts'
import type { Installation } from '../../core/resources.ts'
import type { BackupPlan } from '../../core/run/run.ts'
import { gatherCheap } from './cheap.ts'
import type { PreflightDeps } from './deps.ts'
import { gatherObserved } from './observed.ts'
import { filesOf } from './upgrade.ts'

const GATES = new Set([
  'installed-known',
  'no-unfinished-run',
  'no-pending-operation',
  'keys-present',
  'databases-known',
  'databases-agree',
  'chart-of-installed-available',
  'databases-reachable',
  'server-major-supported',
  'store-writable',
  'store-space',
])

export interface BackupRequest {
  release: string
  namespace: string
  installation: Installation
  prove: boolean
  sourceLoad?: 'low'
  images?: ImagesWish
  signal?: AbortSignal | undefined
}

export interface PlannedBackup {
  plan: BackupPlan
  gates: GateAnswer[]
  /** What the run keeps. */
  files: Record<string, Uint8Array>
}

/** Throws the first refusal's error; then nothing was changed. */
export async function planBackup(deps: PreflightDeps, request: BackupRequest): Promise<PlannedBackup> {
  const { release, namespace } = request
  const cheap = await gatherCheap(deps, { valuesFiles: [], signal: request.signal })
  const at = deps.clock.now().toISOString()
  // Nothing comes after: the databases stay those that are there.
  const first: PlanFacts = {
    release,
    namespace,
    profile: deps.profile,
    at,
    requested: '',
    cheap: { ...cheap.facts, databasesAfter: cheap.facts.databases },
  }
  refuse(first)
  const targets = (valueOf(cheap.facts.databases) ?? []).map((database) => database.target)
  const facts: PlanFacts = { ...first, observed: await gatherObserved(deps, targets, cheap.sets, request.signal) }
  const gates = refuse(facts)
  const chart = (valueOf(cheap.facts.installed) ?? cheap.facts.latest).chart
  return {
    plan: {
      release,
      namespace,
      profile: deps.profile.name,
      of: {
        appVersion: chart.appVersion,
        chartVersion: chart.version,
        chartDigest: valueOf(cheap.facts.installedChart)?.digest ?? '',
      },
      databases: plannedDatabases(facts),
      prove: request.prove,
      ...(request.sourceLoad === undefined ? {} : { sourceLoad: request.sourceLoad }),
      ...(request.images === undefined ? {} : { images: request.images }),
      createdAt: at,
    },
    gates,
    files: filesOf(cheap),
  }
}

function refuse(facts: PlanFacts): GateAnswer[] {
  const gates = answersFor(facts).filter(({ gate }) => GATES.has(gate))
  const { release, namespace } = facts
  const refusal = gates.some(isFinal) ? refusalOfGates(gates, [], { release, namespace }) : undefined
  if (refusal !== undefined) throw refusal
  return gates
}
