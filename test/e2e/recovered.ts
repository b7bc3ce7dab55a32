// What a run on the sample product left, looked at from outside: floors, versions and replicas, and after a recovery every row of the backup.
import { expect } from 'vitest'
import { getJson, type Lab } from '../support/lab.ts'
import { pawl, pawlJson } from '../support/pawl.ts'
import { acknowledgedIds, lostIds, sql, waitReady, witness, type Tally } from '../support/tally.ts'

export interface Shown {
  name: string
  state: {
    phase: string
    parked?: { step: string; next: string; error: { code: string } }
    ended?: { outcome: string }
    steps: Record<string, { evidence?: Evidence }>
  }
}

interface Evidence {
  takenAt?: string
  databases?: { role: string; rows: string; digest: string }[]
  from?: string
  exchangedInMs?: number
  replaced?: Record<string, string>
}

interface Deployments {
  items: {
    metadata: { name: string }
    spec: { replicas: number; template: { spec: { containers: { image: string }[] } } }
    status: { readyReplicas?: number }
  }[]
}

export interface Installed {
  newestRun: () => Promise<Shown>
  deployments: () => Promise<Record<string, { replicas: number; version: string }>>
  /** Of both databases: the floor, who wrote it, and after how many recoveries. */
  floors: () => Promise<string[]>
  /** Gives the acknowledged ids that are gone. */
  recoverAndCompare: (parked: Shown, version: string) => Promise<number[]>
}

export function lookAt(lab: Lab, tally: Tally): Installed {
  const { namespace } = tally
  const where = [tally.release, '-n', namespace]

  async function newestRun(): Promise<Shown> {
    return await pawlJson<Shown>(lab, ['runs', 'show', ...where])
  }

  async function deployments(): Promise<Record<string, { replicas: number; version: string }>> {
    const { items } = await getJson<Deployments>(lab, ['deployments', '-n', namespace])
    return Object.fromEntries(
      items.map(({ metadata, spec }) => [
        metadata.name,
        { replicas: spec.replicas, version: spec.template.spec.containers[0]?.image.split(':').at(-1) ?? '' },
      ]),
    )
  }

  async function floors(): Promise<string[]> {
    const row = "SELECT floor || ' ' || run || ' ' || recovery_epoch FROM pawl.floor"
    return [await sql(lab, tally, 'tally', row), await sql(lab, tally, 'assist', row)]
  }

  async function recoverAndCompare(parked: Shown, version: string): Promise<number[]> {
    const result = await pawl(lab, ['recover', ...where, '--yes'])
    expect(result.exitCode, result.stdout + result.stderr).toBe(0)
    const recovery = await newestRun()
    expect(recovery.state.ended?.outcome).toBe('recovered')
    const digests = (run: Shown, step: string): (string | undefined)[] =>
      (run.state.steps[step]?.evidence?.databases ?? [])
        .map(({ role, rows, digest }) => `${role} ${rows} ${digest}`)
        .toSorted()
    expect(digests(recovery, 'restore')).toEqual(digests(parked, 'backup'))
    for (const floor of await floors()) expect(floor).toMatch(new RegExp(`^${version} ${recovery.name} [1-9]$`))
    await waitReady(lab, namespace)
    expect((await deployments())['tally-ledger-api']?.version).toBe(version)
    const kept = await sql(
      lab,
      tally,
      'postgres',
      "SELECT count(*) FROM pg_database WHERE datname LIKE 'tally\\_\\_pawl\\_old%' AND NOT datallowconn",
    )
    expect(Number(kept)).toBeGreaterThan(0)
    expect((await witness(lab, namespace)).violations).toEqual([])
    return await lostIds(lab, tally, await acknowledgedIds(lab, namespace))
  }

  return { newestRun, deployments, floors, recoverAndCompare }
}
