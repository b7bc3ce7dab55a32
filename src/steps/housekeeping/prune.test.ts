// One task under an id of its own: nothing of it stays, and clearing away hides nothing.
import { expect, test } from 'vitest'
import { PawlError } from '../../core/errors.ts'
import { withTaskId } from './prune.ts'

type Deps = Parameters<typeof withTaskId>[0]

const gone = new PawlError({ code: 'cluster-unreachable', message: 'nobody answers' })

function deps(discard: (id: string) => Promise<void>): Deps {
  return {
    dataPlane: { discard },
    clock: { now: () => new Date('2026-11-26T00:00:00.000Z') },
    ids: { next: () => 'x' },
  } as unknown as Deps
}

test('what was found is what is thrown, also where clearing away fails', async () => {
  const found = new PawlError({ code: 'proof-mismatch', message: 'planted' })
  const failing = deps(() => Promise.reject(gone))
  await expect(withTaskId(failing, 'prove', () => Promise.reject(found))).rejects.toBe(found)
  await expect(withTaskId(failing, 'prove', async () => 1)).rejects.toBe(gone)
})

test('the id that was used is cleared away, whatever came of it', async () => {
  const cleared: string[] = []
  const here = deps(async (id) => void cleared.push(id))
  expect(await withTaskId(here, 'prove', async (id) => id)).toBe('x-prove')
  await withTaskId(here, 'show', () => Promise.reject(gone)).catch(() => undefined)
  expect(cleared).toEqual(['x-prove', 'x-show'])
})
