import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PawlError } from '../../core/errors.ts'
import { progressReporter, resultLine, safeReport, writeTermination } from './report.ts'

function world() {
  const lines: unknown[] = []
  const timers: { at: number; callback: () => void }[] = []
  let now = 0
  const reporter = progressReporter((line) => lines.push(JSON.parse(line)), {
    nowMs: () => now,
    later: (callback, ms) => timers.push({ at: now + ms, callback }),
  })
  function passTo(time: number): void {
    now = time
    for (const timer of timers.splice(0))
      if (timer.at <= time) timer.callback()
      else timers.push(timer)
  }
  return { lines, reporter, passTo }
}

test('at most two lines a second, and the newest is never lost', () => {
  const { lines, reporter, passTo } = world()
  for (let bytes = 0; bytes < 100; bytes++) reporter.progress({ phase: 'dump', bytes })
  expect(lines).toEqual([{ t: 'progress', phase: 'dump', bytes: 0 }])
  passTo(500)
  expect(lines.at(-1)).toEqual({ t: 'progress', phase: 'dump', bytes: 99 })
  reporter.progress({ phase: 'restore' })
  expect(lines.length).toBe(2)
  reporter.flush()
  expect(lines.at(-1)).toEqual({ t: 'progress', phase: 'restore' })
  passTo(2000)
  expect(lines.length).toBe(3)
})

test('a phase that says nothing more is said all the same', () => {
  const { lines, reporter, passTo } = world()
  reporter.progress({ phase: 'fetch' })
  reporter.progress({ phase: 'restore' })
  passTo(499)
  expect(lines.length).toBe(1)
  passTo(501)
  expect(lines).toEqual([
    { t: 'progress', phase: 'fetch' },
    { t: 'progress', phase: 'restore' },
  ])
})

test('the digest is of the very text of the result', () => {
  const result = { b: 'ü "quoted"', a: [1, { z: null }] }
  const { line, sha256 } = resultLine(result)
  const read = JSON.parse(line) as { t: string; sha256: string; result: unknown }
  expect(read).toEqual({ t: 'result', sha256, result })
  expect(createHash('sha256').update(JSON.stringify(read.result)).digest('hex')).toBe(sha256)
  expect(line.split('\n')).toEqual([expect.any(String), ''])
})

test('a long message is cut, its code is not', () => {
  const report = safeReport(new PawlError({ code: 'backup-failed', message: 'x'.repeat(9000) }))
  expect(report.message.length).toBe(1500)
  expect(report.code).toBe('backup-failed')
})

test('the termination message is JSON that Kubernetes keeps whole, and only where there is a place for it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pawl-termination-'))
  try {
    const path = join(directory, 'log')
    await writeTermination(path, { ok: true, sha256: 'x' })
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' })
    await writeFile(path, '')
    const message = '"\u0001'.repeat(750)
    await writeTermination(path, { ok: false, code: 'backup-failed', message })
    const text = await readFile(path, 'utf8')
    expect(Buffer.byteLength(text)).toBeLessThan(4096)
    expect(JSON.parse(text)).toMatchObject({ ok: false, code: 'backup-failed' })
  } finally {
    await rm(directory, { recursive: true })
  }
})
