import { expect, test } from 'vitest'
import { namespaceBindings } from './bindings.ts'
import { POLICIES, VERSION_LABEL } from './policies.ts'
import { partOf } from './same.ts'

const [ours] = namespaceBindings({ name: 'toys', uid: 'u-2' })
const [policy] = POLICIES
if (ours === undefined || policy === undefined) throw new Error('there is no policy')
const [ownerless] = namespaceBindings({ name: 'toys' })
const [ofTheOld] = namespaceBindings({ name: 'toys', uid: 'u-1' })

test('defaults of the API server, and to whom it belongs, are no difference', () => {
  const live = { ...policy, spec: { ...policy.spec, matchConstraints: { ...policy.spec.matchConstraints } } }
  const labels = { ...policy.metadata.labels, 'app.kubernetes.io/managed-by': 'Helm' }
  const filled = { ...live.spec, matchConstraints: { ...live.spec.matchConstraints, matchPolicy: 'Equivalent' } }
  expect(partOf(policy, { ...live, metadata: { ...live.metadata, labels }, spec: filled })).toBe('as it should be')
})

test('an exception to the rules is a difference', () => {
  const spec = { ...policy.spec, validations: policy.spec.validations.slice(1) }
  expect(partOf(policy, { ...policy, spec })).toEqual({ differs: 'spec.validations' })
})

test('what a newer Pawl installed is not ours to judge', () => {
  const labels = { [VERSION_LABEL]: '99' }
  expect(partOf(policy, { ...policy, metadata: { ...policy.metadata, labels }, spec: {} })).toBe('of a newer Pawl')
})

test('a binding of a namespace that is gone will go, too; one without an owner stays', () => {
  expect(partOf(ours, ofTheOld ?? ours)).toEqual({ differs: 'metadata.ownerReferences' })
  expect(partOf(ours, ownerless ?? ours)).toBe('as it should be')
  expect(partOf(ownerless ?? ours, ours)).toBe('as it should be')
})
