// What is said of the time that is left, on series of progress: steady, slowing down, in leaps, standing still, and wrong about the total.
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DataProgress } from '../data/tasks.ts'
import { expectedArchives, withExpected } from './expected.ts'
import { createTracks } from './tracks.ts'

const dump = (bytes: number, bytesTotal?: number): DataProgress => ({
  phase: 'dump',
  role: 'ledger',
  bytes,
  ...(bytesTotal === undefined ? {} : { bytesTotal }),
})
const rows = (count: number, rowsTotal: number): DataProgress => ({
  phase: 'digest',
  role: 'ledger',
  rows: count,
  rowsTotal,
})

/** Seconds left as they were said after each word of a series of [second, progress]. */
function saidOf(series: readonly (readonly [second: number, progress: DataProgress])[]): (number | undefined)[] {
  const tracks = createTracks()
  return series.map(([second, progress]) => {
    tracks.add(progress, second * 1000)
    return tracks.timeLeft(second * 1000)?.seconds
  })
}

test('at a steady rate it falls with the clock, from the second word on', () => {
  const said = saidOf(Array.from({ length: 41 }, (_, second) => [second, dump(second * 5, 200)] as const))
  expect(said[0]).toBeUndefined()
  said.slice(1, -1).forEach((left, index) => expect(left).toBeCloseTo(39 - index, 6))
  // All of it: nothing is under way any more.
  expect(said.at(-1)).toBeUndefined()
})

test('whatever the words and the rates, it is never negative and never not a number', () => {
  const word = fc.record({
    after: fc.integer({ min: 0, max: 60_000 }),
    bytes: fc.integer({ min: 0, max: 1_000 }),
    total: fc.option(fc.integer({ min: 0, max: 1_000 }), { nil: undefined }),
    role: fc.constantFrom('ledger', 'ai'),
  })
  fc.assert(
    fc.property(fc.array(word, { maxLength: 60 }), (words) => {
      const tracks = createTracks()
      let now = 0
      for (const { after, bytes, total, role } of words) {
        now += after
        tracks.add({ ...dump(bytes, total), role }, now)
        const left = tracks.timeLeft(now)?.seconds
        expect(left === undefined || (Number.isFinite(left) && left >= 0)).toBe(true)
      }
    }),
  )
})

test('after a change of speed it comes to the new rate within the window', () => {
  // 10 a second for 20 s, then 1 a second: 100 are left at second 20.
  const series = Array.from({ length: 60 }, (_, second) => {
    const bytes = second <= 20 ? second * 10 : 200 + (second - 20)
    return [second, dump(bytes, 300)] as const
  })
  const said = saidOf(series)
  expect(said[20]).toBeCloseTo(10, 1)
  // True would be 65 and 50.
  expect(said[35]).toBeGreaterThan(55)
  expect(said[50]).toBeCloseTo(70, 0)
})

test('what comes in leaps, a table at a time, is not taken for standing still between them', () => {
  const series = Array.from({ length: 30 }, (_, index) => [index * 4, rows(index * 1000, 29_000)] as const)
  const said = saidOf(series)
  for (let index = 5; index < 28; index += 1) {
    const really = (29 - index) * 4
    expect(said[index]).toBeGreaterThan(really / 2)
    expect(said[index]).toBeLessThan(really * 2)
  }
})

test('while nothing moves it grows, and after a while it is not known', () => {
  const tracks = createTracks()
  for (let second = 0; second <= 10; second += 1) tracks.add(dump(second, 20), second * 1000)
  const left = (second: number): number | undefined => tracks.timeLeft(second * 1000)?.seconds
  expect(left(10)).toBeCloseTo(10)
  expect(left(15)).toBeGreaterThan(15)
  expect(left(60)).toBeUndefined()
})

test('without a total, or beyond one that was guessed too low, it is not known', () => {
  expect(saidOf([0, 2, 4].map((second) => [second, dump(second)] as const))).toEqual([undefined, undefined, undefined])
  expect(saidOf([0, 2, 4].map((second) => [second, dump(second, 3)] as const)).at(-1)).toBeUndefined()
})

test('of several at once the last to end counts, and one that cannot be told makes it unknown', () => {
  const tracks = createTracks()
  for (const second of [0, 2]) {
    tracks.add(dump(second * 10, 100), second * 1000)
    tracks.add(rows(second * 10, 400), second * 1000)
  }
  expect(tracks.timeLeft(2000)).toEqual({ seconds: 38, estimated: true })
  tracks.add({ ...dump(5), role: 'ai' }, 2000)
  expect(tracks.timeLeft(2000)).toBeUndefined()
})

test('a dump that came to less than was guessed, and says so at its end, does not keep the rest from being told', () => {
  const tracks = createTracks()
  for (let second = 0; second <= 40; second += 1) {
    if (second <= 20) tracks.add(dump(second * 4, second < 20 ? 100 : 80), second * 1000)
    tracks.add(rows(second * 10, 500), second * 1000)
  }
  expect(tracks.timeLeft(40_000)).toEqual({ seconds: 10, estimated: true })
})

/** `ledger` from second 10 to 30, then `ai`, half as long: both dumped at 5 a second and read at 20 rows a second. */
function twoDatabases(second: number, role: 'ledger' | 'ai'): DataProgress[] {
  const [begin, all] = role === 'ledger' ? [10, 20] : [30, 10]
  const done = Math.min(all, second - begin)
  if (second > 0 && done < 0) return []
  return [
    { ...dump(Math.max(0, done) * 5, all * 5), role },
    { ...rows(Math.max(0, done) * 20, all * 20), role },
  ]
}

test('databases whose turn has not come count with their totals, at the pace of those before', () => {
  const tracks = createTracks()
  for (let second = 0; second <= 39; second += 1) {
    for (const role of ['ledger', 'ai'] as const)
      for (const progress of twoDatabases(second, role)) tracks.add(progress, second * 1000)
    const left = tracks.timeLeft(second * 1000)?.seconds
    if (second < 11) expect(left).toBeUndefined()
    else expect(left).toBeCloseTo(40 - second, 6)
  }
})

test('one whose total nobody knows makes the whole unknown before its turn', () => {
  const tracks = createTracks()
  tracks.add({ ...dump(0), role: 'ai' }, 0)
  for (let second = 0; second <= 10; second += 1) tracks.add(dump(second, 20), second * 1000)
  expect(tracks.timeLeft(10_000)).toBeUndefined()
  tracks.add({ ...dump(0, 40), role: 'ai' }, 10_000)
  expect(tracks.timeLeft(10_000)).toEqual({ seconds: 50, estimated: true })
})

test('where one database is over and the next does not begin, it is soon not known', () => {
  const tracks = createTracks()
  tracks.add({ ...dump(0, 40), role: 'ai' }, 0)
  for (let second = 0; second <= 10; second += 1) tracks.add(dump(second * 2, 20), second * 1000)
  expect(tracks.timeLeft(10_000)?.seconds).toBe(20)
  expect(tracks.timeLeft(21_000)).toBeUndefined()
})

test('a counted total is no estimate, a phase that begins again has no past, and notes count for nothing', () => {
  const tracks = createTracks()
  const fetch = (bytes: number): DataProgress => ({ phase: 'fetch', bytes, bytesTotal: 100 })
  for (const second of [0, 5, 10]) tracks.add(fetch(second * 5), second * 1000)
  tracks.add({ phase: 'wait', note: 'for 2 sessions' }, 10_000)
  expect(tracks.timeLeft(10_000)).toEqual({ seconds: 10, estimated: false })
  tracks.add(fetch(0), 11_000)
  expect(tracks.timeLeft(11_000)).toBeUndefined()
})

test('work of days does not gather samples without end', () => {
  const tracks = createTracks()
  for (let minute = 0; minute <= 3000; minute += 1) tracks.add(dump(minute, 6000), minute * 60_000)
  expect(tracks.timeLeft(3000 * 60_000)?.seconds).toBeCloseTo(3000 * 60, -2)
})

test('a dump is expected to be compressed as the last time, until there is more of it', () => {
  const earlier = [
    { role: 'ledger', sizeBytes: 1000, archiveBytes: 250 },
    { role: 'ledger', sizeBytes: 10, archiveBytes: 10 },
  ]
  const expected = expectedArchives(
    [
      { role: 'ledger', sizeBytes: 4000 },
      { role: 'ai', sizeBytes: 1 },
    ],
    earlier,
  )
  expect([...expected]).toEqual([['ledger', 1000]])
  expect(withExpected(dump(10), expected)).toEqual(dump(10, 1000))
  expect(withExpected(dump(1001), expected)).toEqual(dump(1001))
  expect(withExpected(dump(10, 20), expected)).toEqual(dump(10, 20))
  expect(withExpected(rows(1, 2), expected)).toEqual(rows(1, 2))
})
