// Steps of runs on a real server, as the engine calls them: an upgrade that leaves copies, and a recovery by them or from the store.
import { localDataPlane } from '../../../src/adapters/dataplane-local/local.ts'
import type { DatabaseTarget, ResultOf } from '../../../src/core/data/tasks.ts'
import type { PlannedDatabase } from '../../../src/core/plan/plan.ts'
import { backupSetObject, parseBackupSet, type BackupSet, type Installation } from '../../../src/core/resources.ts'
import type { Evidence, RunState, StepName } from '../../../src/core/run/run.ts'
import type { DataDeps } from '../../../src/data/deps.ts'
import { runDataTask } from '../../../src/data/run.ts'
import type { KubeObject } from '../../../src/ports/cluster.ts'
import type { Step, StepContext } from '../../../src/steps/step.ts'
import { FakeCluster } from '../../../src/testing/cluster/fake-cluster.ts'
import type { World } from './world.ts'

export const ID = '20260101-120000-abcd'
export const SET = `ns/rel/${ID}`
const RECOVERY = '20260102-120000-wxyz'

/** What the journal would hold, and what was said meanwhile. */
export interface Ran {
  steps: RunState['steps']
  said: string[]
}

export function ranNothing(): Ran {
  return { steps: {}, said: [] }
}

type Kind = 'upgrade' | 'recovery'

export class RecoverySteps {
  readonly #world: World
  readonly #backup: ResultOf<'backup'>
  #cluster = new FakeCluster({ namespace: 'ns' })
  #databases: PlannedDatabase[] = []

  constructor(world: World, backup: ResultOf<'backup'>) {
    this.#world = world
    this.#backup = backup
  }

  /** The upgrade that is recovered from has these databases. */
  use(targets: readonly DatabaseTarget[]): void {
    const migrator = { kind: 'deployment' as const, deployment: 'd' }
    this.#databases = targets.map((target) => ({ target, serverMajor: 15, sizeBytes: 1, migrator }))
    this.begin()
  }

  /** The set is there and not proven yet. */
  begin(): void {
    const { set: directory, manifestSha256, databases } = this.#backup
    const targets = this.#databases
    const status: BackupSet['status'] = {
      manifestSha256,
      rung: 'archived',
      databases: databases.filter(({ role }) => targets.some(({ target }) => target.role === role)),
      product: { appVersion: '1', chartVersion: '1', chartDigest: '' },
      takenAt: '2026-01-01T12:00:00.000Z',
      proofs: [],
      writers: [],
      targets,
    }
    const { store } = this.#world.proveTask(directory)
    const set: BackupSet = { name: ID, namespace: 'ns', release: 'rel', set: directory, store, status }
    this.#cluster = new FakeCluster({ namespace: 'ns' })
    this.#cluster.seed(backupSetObject(set) as KubeObject)
  }

  async noted(): Promise<NonNullable<BackupSet['status']>> {
    const ref = { apiVersion: 'pawl.dev/v1alpha1', kind: 'BackupSet', namespace: 'ns', name: ID }
    const { status } = parseBackupSet((await this.#cluster.get(ref)) as KubeObject)
    if (status === undefined) throw new Error('the set has no status')
    return status
  }

  /** One process of a run: nothing of an earlier one but what the journal says. */
  async contextOf(
    kind: Kind,
    ran: Ran,
    deps: DataDeps,
    planned: object = { staged: { bytes: 1 } },
  ): Promise<StepContext> {
    const { identity, store } = this.#world.proveTask(SET)
    const status = await this.noted()
    const digests = Object.fromEntries(status.databases.map(({ role, digest }) => [role, digest]))
    const databases = this.#databases
    const common = {
      release: 'rel',
      namespace: 'ns',
      databases,
      writers: [],
      accepted: [],
      to: { appVersion: '1.0.0' },
    }
    const staged = status.staged === undefined ? {} : { staged: status.staged }
    const plan = kind === 'upgrade' ? { ...common, ...planned } : { ...common, set: ID, digests, ...staged }
    return {
      cluster: this.#cluster,
      namespace: 'ns',
      release: 'rel',
      run: `rel-${kind === 'upgrade' ? ID : RECOVERY}`,
      spec: { kind, plan, by: 'test' },
      state: { steps: ran.steps },
      installation: { namespace: 'ns', release: 'rel', identity, store } as Installation,
      profile: { name: 'tally', versionScheme: 'semver' },
      memo: new Map(),
      fence: 1,
      stillOwner: () => Promise.resolve(),
      dataPlane: localDataPlane((task, options) => runDataTask(task, deps, options)),
      clock: this.#world.deps.clock,
      report: ({ note }: { note?: string }) => void (note === undefined ? 0 : ran.said.push(note)),
      signal: new AbortController().signal,
    } as unknown as StepContext
  }

  /** Acts, observes, and remembers in the journal what was observed. */
  async step(
    one: Step,
    kind: Kind,
    ran: Ran,
    deps = this.#world.deps,
    attempt = 1,
    planned?: object,
  ): Promise<Evidence> {
    const context = await this.contextOf(kind, ran, deps, planned)
    await one.act(context, attempt)
    const observed = await one.observe(context)
    if (observed.is !== 'done') throw new Error(`${one.name} is ${JSON.stringify(observed)}`)
    ran.steps[one.name as StepName] = { failures: 0, forgiven: 0, done: true, evidence: observed.evidence }
    return observed.evidence
  }

  /** Of what has the live names now. */
  async differences(): Promise<string[]> {
    const { store, identity } = this.#world.proveTask(SET)
    const databases = this.#databases.map(({ target }) => target)
    const { set } = this.#backup
    const compared = await runDataTask({ kind: 'compare', databases, set, store, identity }, this.#world.deps)
    return compared.databases.flatMap(({ differs }) => differs ?? [])
  }
}
