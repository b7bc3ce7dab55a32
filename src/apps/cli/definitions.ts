// Pawl's resource definitions, made to be there and to be served.
import { CRDS, isNewerDefinition } from '../../core/crds.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import { listOf, recordOf, valueAt } from '../../core/json.ts'
import type { ResourceObject } from '../../core/resources.ts'
import type { Cluster, KubeObject } from '../../ports/cluster.ts'

/** `note` is told of each that was missing. */
export async function applyDefinitions(
  cluster: Cluster,
  dryRun: boolean,
  note: (what: string) => unknown,
): Promise<void> {
  for (const definition of CRDS) {
    const ref = { apiVersion: definition.apiVersion, kind: definition.kind, name: definition.metadata.name }
    const known = await unlessRefused(cluster.get(ref))
    // Who may only work in namespaces finds what an administrator has installed, and cannot see or change it.
    if (known === 'refused') continue
    if (known !== undefined && (dryRun || isNewerDefinition(known as ResourceObject))) continue
    if (known === undefined) note(`resource definition ${definition.metadata.name}`)
    if (dryRun) continue
    const applied = cluster.apply(definition as KubeObject, { manager: 'pawl', force: true })
    if (known === undefined) await applied
    else if ((await unlessRefused(applied)) === 'refused') continue
    await untilEstablished(cluster, definition.metadata.name)
  }
}

async function unlessRefused<T>(asked: Promise<T>): Promise<T | 'refused'> {
  try {
    return await asked
  } catch (error) {
    if (isPawlError(error, 'cluster-refused')) return 'refused'
    throw error
  }
}

async function untilEstablished(cluster: Cluster, name: string): Promise<void> {
  for (let tries = 0; tries < 60; tries += 1) {
    const definition = await cluster.get({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      name,
    })
    const conditions = listOf(valueAt(definition, 'status.conditions')).map(recordOf)
    if (conditions.some(({ type, status }) => type === 'Established' && status === 'True')) return
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  throw new PawlError({
    code: 'cluster-unreachable',
    message: `resource definition ${name} was not accepted by the API server within 15 s`,
  })
}
