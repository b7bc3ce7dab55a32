import { expect, test } from 'vitest'
import type { ErrorCode } from '../errors.ts'
import { isHandedBack, refusalFrom } from './refusal.ts'

// Each message as kube-apiserver 1.35 and the adapter give it.
const rows: [what: string, object: string, code: ErrorCode, message: string, kind: string, fields: string[]][] = [
  [
    'a number of replicas set by hand',
    'Deployment/api',
    'cluster-conflict',
    'Could not patch deployments.apps shop/api: Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using apps/v1: .spec.replicas',
    'owned',
    ['.spec.replicas'],
  ],
  [
    'several fields of another manager',
    'Deployment/api',
    'cluster-conflict',
    'Could not patch deployments.apps shop/api: Apply failed with 2 conflicts: conflicts with "kubectl-edit" using apps/v1:\n- .spec.replicas\n- .spec.template.spec.containers[name="api"].image',
    'owned',
    ['.spec.replicas', '.spec.template.spec.containers[name="api"].image'],
  ],
  [
    "a Job's template",
    'Job/migrate',
    'input-invalid',
    'The cluster refused to patch jobs.batch shop/migrate: Job.batch "migrate" is invalid: spec.template: Invalid value: {"spec":{"containers":[{"env":[{"name":"PW","value":"canary-77e2"}]}]}}: field is immutable',
    'immutable',
    ['spec.template'],
  ],
  [
    "a StatefulSet's claims",
    'StatefulSet/pg',
    'input-invalid',
    'The cluster refused to patch statefulsets.apps shop/pg: StatefulSet.apps "pg" is invalid: spec: Forbidden: updates to statefulset spec for fields other than \'replicas\' are forbidden',
    'immutable',
    ['spec'],
  ],
  [
    'a policy',
    'Deployment/api',
    'cluster-refused',
    "deployments.apps \"api\" is forbidden: ValidatingAdmissionPolicy 'x' with binding 'x' denied request: no latest",
    'policy',
    [],
  ],
  [
    'a quota',
    'Pod/x',
    'cluster-refused',
    'Not allowed to patch pods shop/x: pods "x" is forbidden: exceeded quota: q',
    'rights',
    [],
  ],
  [
    'a kind that is not there',
    'ServiceMonitor/x',
    'input-invalid',
    'The cluster has no kind ServiceMonitor in monitoring.coreos.com/v1.',
    'invalid',
    [],
  ],
  [
    'a wrong value',
    'Service/x',
    'input-invalid',
    'The cluster refused to patch services shop/x: Service "x" is invalid: spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
    'invalid',
    ['spec.ports[0].port'],
  ],
]

test.each(rows)('%s', (_, object, code, message, kind, fields) => {
  const refusal = refusalFrom(object, { code, message })
  expect(refusal).toMatchObject({ object, kind, fields })
  expect(refusal.why).not.toContain('canary')
})

test("only a Deployment's replicas, and nothing else with them, are handed back by Pawl", () => {
  const said = (message: string): string => `Apply failed: conflict with "kubectl" using apps/v1: ${message}`
  const of = (object: string, fields: string): boolean =>
    isHandedBack(refusalFrom(object, { code: 'cluster-conflict', message: said(fields) }))
  expect(of('Deployment/api', '.spec.replicas')).toBe(true)
  expect(of('StatefulSet/api', '.spec.replicas')).toBe(false)
  expect(of('Deployment/api', '\n- .spec.replicas\n- .spec.paused')).toBe(false)
})
