// Which cluster a machine gets.
import { expect, test } from 'vitest'
import { choose } from '../../cluster/choose.ts'
import type { Surroundings } from '../../cluster/choose.ts'
import { ClusterUnavailable } from '../../cluster/errors.ts'

const debianWithGo: Surroundings = {
  userKubeconfig: undefined,
  userRegistry: undefined,
  dockerAnswers: false,
  hasKind: false,
  isLinux: true,
  isRoot: true,
  hasApt: true,
  hasGo: true,
  isBuilt: false,
}

test('takes the cluster that the user names before anything else', () => {
  const here = { ...debianWithGo, dockerAnswers: true, hasKind: true, userKubeconfig: '/k', userRegistry: 'r:5000' }
  expect(choose(here)).toEqual({ kind: 'user', kubeconfig: '/k', registry: 'r:5000' })
})

test('does not guess a registry for the user’s cluster', () => {
  expect(choose({ ...debianWithGo, userKubeconfig: '/k' })).toMatchObject({
    kind: 'none',
    reason: expect.stringContaining('PAWL_TEST_REGISTRY'),
  })
})

test('prefers kind to building, and needs both Docker and kind for it', () => {
  expect(choose({ ...debianWithGo, dockerAnswers: true, hasKind: true }).kind).toBe('kind')
  expect(choose({ ...debianWithGo, dockerAnswers: true }).kind).toBe('source')
  expect(choose({ ...debianWithGo, hasKind: true }).kind).toBe('source')
})

test('needs no Go once everything is built', () => {
  expect(choose({ ...debianWithGo, hasGo: false, isBuilt: true }).kind).toBe('source')
})

test('names everything that is missing', () => {
  const choice = choose({ ...debianWithGo, isRoot: false, hasGo: false })
  expect(choice).toEqual({
    kind: 'none',
    reason: 'no Docker daemon answers, and for a cluster from source this is missing: root, Go',
  })
})

test('a machine that can have none is told the three ways, with exit code 69', () => {
  const error = new ClusterUnavailable('no root')
  expect(error.exitCode).toBe(69)
  expect(error.message).toContain('Nothing was changed')
  for (const way of ['PAWL_TEST_KUBECONFIG', 'kind', 'Go 1.26']) expect(error.message).toContain(way)
})
