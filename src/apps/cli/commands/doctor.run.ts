// pawl doctor: what is here, in which version, and what is missing. Changes nothing.
import { CRDS } from '../../../core/crds.ts'
import { isPawlError, reportOf } from '../../../core/errors.ts'
import { storeText } from '../../../core/store/spec.ts'
import type { Cluster } from '../../../ports/cluster.ts'
import { renderDoctor } from '../render/doctor.ts'
import { findInstallation, profileNamed, type Session } from '../session.ts'

export interface Check {
  name: string
  ok: boolean
  /** What was found, or what is wrong. */
  found: string
  /** What to do; absent where all is well. */
  remedy?: string
}

export async function doctor(session: Session, args: string[]): Promise<number> {
  const checks = await runChecks(session, args[0])
  if (session.global.output === 'json') session.terminal.write(`${JSON.stringify({ checks })}\n`)
  else session.terminal.write(renderDoctor(checks, session.terminal.colour))
  return checks.every((check) => check.ok) ? 0 : 69
}

async function runChecks(session: Session, release: string | undefined): Promise<Check[]> {
  const { doors, global } = session
  const node = await attempt('Node.js', () => Promise.resolve(process.versions.node))
  const helm = await attempt('Helm', async () => (await (await doors.helm(global)).version()).version)
  let cluster: Cluster | undefined
  const api = await attempt('Kubernetes', async () => {
    cluster = await doors.cluster(global)
    return `${(await cluster.serverVersion()).gitVersion} at ${cluster.where.server}, namespace ${cluster.where.namespace}`
  })
  const profiles: Check = {
    name: 'profiles',
    ok: true,
    found: doors.profiles.map((profile) => profile.name).join(', '),
  }
  const checks = [node, helm, api, profiles]
  if (cluster === undefined) return checks
  checks.push(await definitions(cluster))
  if (release !== undefined) checks.push(...(await installationChecks(session, cluster, release)))
  return checks
}

async function attempt(name: string, look: () => Promise<string>): Promise<Check> {
  try {
    return { name, ok: true, found: await look() }
  } catch (error) {
    const { message, hint } = reportOf(error)
    return { name, ok: false, found: message, remedy: hint }
  }
}

async function definitions(cluster: Cluster): Promise<Check> {
  const names = CRDS.map((definition) => definition.metadata.name)
  const there = await Promise.all(
    names.map(
      async (name) =>
        (await cluster.get({ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', name })) !==
        undefined,
    ),
  )
  const missing = names.filter((_, index) => there[index] !== true)
  if (missing.length === 0) return { name: 'resource definitions', ok: true, found: names.join(', ') }
  return {
    name: 'resource definitions',
    ok: false,
    found: `missing: ${missing.join(', ')}`,
    remedy: 'Run "pawl init RELEASE -n NAMESPACE" once.',
  }
}

async function installationChecks(session: Session, cluster: Cluster, release: string): Promise<Check[]> {
  const { namespace } = cluster.where
  const installation = await findInstallation({ cluster, namespace, release })
  if (installation === undefined) {
    return [
      {
        name: `installation ${release}`,
        ok: false,
        found: 'not there',
        remedy: `Run "pawl init ${release} -n ${namespace}".`,
      },
    ]
  }
  const { doors } = session
  const identity = await cluster.get({
    apiVersion: 'v1',
    kind: 'Secret',
    namespace,
    name: installation.identity.secret,
  })
  const dataPlane = await doors.dataPlane(cluster, installation)
  const id = `${doors.ids.next(doors.clock.now())}-doctor`
  const store = await attempt('backup store', async () => {
    const { freeBytes, createOnly, locks } = await dataPlane.run(
      { kind: 'check-store', store: installation.store },
      { id, signal: session.stop },
    )
    return `${storeText(installation.store)}: writable${createOnly ? '' : ', but it does not refuse to overwrite'}${locks === true ? ', keeps objects under a lock of its own' : ''}${freeBytes === undefined ? '' : `, ${Math.floor(freeBytes / 2 ** 30)} GiB free`}`
  })
  await dataPlane.discard(id).catch((error: unknown) => {
    if (!isPawlError(error)) throw error
  })
  return [
    {
      name: `installation ${release}`,
      ok: true,
      found: `profile ${profileNamed(session, installation.profile).title}, charts from ${installation.charts ?? 'nowhere yet'}`,
    },
    identity === undefined
      ? {
          name: 'encryption identity',
          ok: false,
          found: `Secret ${installation.identity.secret} is missing`,
          remedy: 'Put back the exported identity; backups cannot be opened without it.',
        }
      : {
          name: 'encryption identity',
          ok: true,
          found: `Secret ${installation.identity.secret}, ${installation.recipients.length} recipient(s)`,
        },
    store,
  ]
}
