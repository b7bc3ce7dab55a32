// Everything that installing the guard would apply, in order, for those who apply it themselves.
import { CRDS } from '../../core/crds.ts'
import { KEPT_BINDING, namespaceBindings } from '../../core/guard/bindings.ts'
import { floorsOf } from '../../core/guard/floors.ts'
import { guardObject, newGuard, type Enforcement } from '../../core/guard/guard.ts'
import { POLICIES } from '../../core/guard/policies.ts'
import { objectsOf } from '../../core/rendered/objects.ts'
import type { ResourceObject } from '../../core/resources.ts'
import type { ReleaseRecord } from '../../ports/helm.ts'
import { namespaceSeen } from '../../steps/guard/visible.ts'
import type { Target } from './session.ts'

export async function guardParts(
  { cluster, namespace, release }: Target,
  record: ReleaseRecord,
  parseYaml: (text: string) => unknown[],
  enforcement: Enforcement,
): Promise<ResourceObject[]> {
  const floors = floorsOf(objectsOf(parseYaml(record.manifest)), record.chart.appVersion)
  const guard = guardObject(newGuard({ namespace, release }, { enforcement, floors, revision: record.revision }))
  return [...CRDS, ...POLICIES, guard, KEPT_BINDING, ...namespaceBindings(await namespaceSeen(cluster, namespace))]
}
