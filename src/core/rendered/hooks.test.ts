import { expect, test } from 'vitest'
import type { JsonRecord } from '../json.ts'
import { hookEvents, hooksThatMayCollide } from './hooks.ts'

function hook(event: string, policy?: string): JsonRecord {
  const annotations = {
    'helm.sh/hook': event,
    ...(policy === undefined ? {} : { 'helm.sh/hook-delete-policy': policy }),
  }
  return { kind: 'Job', metadata: { name: 'h', annotations } }
}

test.each<[string, JsonRecord, boolean]>([
  ['Helm deletes first by itself', hook('pre-upgrade'), false],
  ['told to delete first', hook('pre-install, pre-upgrade', 'hook-succeeded, before-hook-creation, hook-fail'), false],
  ['deleted after success only', hook('pre-upgrade', 'hook-succeeded'), true],
  ['a policy that Helm does not know', hook('post-upgrade', 'hook-fail'), true],
  ['not of an upgrade', hook('pre-delete', 'hook-succeeded'), false],
])('%s', (_, object, collides) => {
  expect(hooksThatMayCollide([object]).length === 1).toBe(collides)
})

test('events stand in one text', () => {
  expect(hookEvents(hook('pre-install, pre-upgrade'))).toEqual(['pre-install', 'pre-upgrade'])
  expect(hookEvents({ kind: 'Job' })).toEqual([])
})
