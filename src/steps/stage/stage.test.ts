import { expect, test } from 'vitest'
import type { Profile } from '../../core/profile/profile.ts'
import { quiescedValues } from './index.ts'

test('paths become one nested values document', () => {
  const profile = {
    quiescedValues: [
      { path: 'api.replicaCount', value: 0 },
      { path: 'api.autoscaling.enabled', value: false },
      { path: 'board.replicaCount', value: 0 },
    ],
  } as unknown as Profile
  expect(quiescedValues(profile)).toEqual({
    api: { replicaCount: 0, autoscaling: { enabled: false } },
    board: { replicaCount: 0 },
  })
})
