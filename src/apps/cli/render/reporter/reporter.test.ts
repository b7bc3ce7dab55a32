// One run watched in three ways: redrawn in place, as plain lines, as JSON lines.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { fold } from '../../../../core/run/fold.ts'
import type { Run } from '../../../../core/run/run.ts'
import { createReporter, type ClosableReporter } from '../reporter.ts'
import { BEFORE_BACKUP, GOOD, PARKED } from '../runs.fixture.ts'
import { paintWith } from '../style.ts'
import { endLines, treeLines } from '../tree.ts'
import { createScreen } from './screen.fixture.ts'

const T0 = Date.parse('2026-11-23T17:00:13Z')

beforeEach(() => {
  vi.useFakeTimers({ now: T0 })
})
afterEach(() => {
  vi.useRealTimers()
})

function reporterTo(mode: 'tty' | 'plain' | 'json', write: (text: string) => void, columns = 100): ClosableReporter {
  return createReporter({ mode, out: { write }, colour: false, width: () => columns, now: () => new Date() })
}

/** As `runs watch` and the engine do: once for every entry. */
function play(reporter: ClosableReporter, run: Run, from = 1): void {
  for (let count = from; count <= run.events.length; count += 1) {
    const events = run.events.slice(0, count)
    reporter.state({ ...run, events }, fold(events))
  }
}

describe('plain', () => {
  test('a line for every entry, with its own time and no control character', () => {
    let out = ''
    const reporter = reporterTo('plain', (text) => (out += text))
    play(reporter, PARKED.run)
    reporter.close()
    expect(out).not.toMatch(/[^\n\x20-\x7e\u202f]/)
    expect(`\n${out}`).toMatchInlineSnapshot(`
      "
      2026-11-23 17:00:00Z  run        Upgrade of tally -n shop: 2026.2.9 -> 2026.3.9, run tally-20261123-170000-abcd, by ana@depot
      2026-11-23 17:00:00Z  run        owned by depot/1234/x (fence 1)
      2026-11-23 17:00:00Z  capture    keep chart, values and record of the running release
      2026-11-23 17:00:01Z  capture    done in 1 s: 2 Deployments remembered
      2026-11-23 17:00:01Z  quiesce    stop every writer; the databases say that they are still
      2026-11-23 17:00:13Z  quiesce    done in 12 s: ledger is still
      2026-11-23 17:00:13Z  backup     every database in one locked snapshot, encrypted and stored
      2026-11-23 17:00:54Z  backup     done in 41 s: 1 database, 12 345 rows, digest d1d2d3d4d5d6, 3.4 MiB archived, set 20261123-170000-abcd
      2026-11-23 17:00:54Z  prove      restore the stored bytes and compare them row for row
      2026-11-23 17:01:27Z  prove      done in 33 s: proven: restored and equal, 1 thing not covered
      2026-11-23 17:01:27Z  commit     look once more that nothing was written since the backup
      2026-11-23 17:01:29Z  commit     done in 2 s: nothing was written since the backup; THE POINT OF NO RETURN IS CROSSED
      2026-11-23 17:01:29Z  stage      put the new release in place with nothing running
      2026-11-23 17:01:33Z  stage      done in 4 s: chart 1.52.2 is revision 3
      2026-11-23 17:01:33Z  migrate    migrate each database alone
      2026-11-23 17:01:40Z  migrate    parked: database ledger: its migrator failed. Its last lines:
          ERROR: invalid input syntax for type numeric: "n/a" (migration-failed)
          next: pawl recover tally -n shop
      "
    `)
  })

  test('a journal that has entries already is told once, whole', () => {
    let [whole, stepwise] = ['', '']
    const late = reporterTo('plain', (text) => (whole += text))
    late.state(GOOD.run, GOOD.state)
    late.state(GOOD.run, GOOD.state)
    play(
      reporterTo('plain', (text) => (stepwise += text)),
      GOOD.run,
    )
    expect(whole).toBe(stepwise)
    expect(whole).toContain('THE POINT OF NO RETURN IS CROSSED')
  })

  test('progress comes at most every five seconds, with rate and time left', () => {
    const lines: string[] = []
    const reporter = reporterTo('plain', (text) => lines.push(text))
    reporter.state(BEFORE_BACKUP.run, BEFORE_BACKUP.state)
    lines.length = 0
    for (let second = 1; second <= 12; second += 1) {
      vi.advanceTimersByTime(1_000)
      reporter.progress('backup', {
        phase: 'dump',
        role: 'ledger',
        bytes: second * 1_048_576,
        bytesTotal: 20 * 1_048_576,
      })
    }
    expect(lines).toEqual([
      '2026-11-23 17:00:18Z  backup       dumping ledger: 5.0 MiB of about 20 MiB (25 %), 1.0 MiB/s, about 15 s left\n',
      '2026-11-23 17:00:23Z  backup       dumping ledger: 10 MiB of about 20 MiB (50 %), 1.0 MiB/s, about 10 s left\n',
    ])
  })
})

describe('json', () => {
  function record(): { lines: Record<string, unknown>[]; reporter: ClosableReporter } {
    const lines: Record<string, unknown>[] = []
    return { lines, reporter: reporterTo('json', (text) => lines.push(JSON.parse(text) as Record<string, unknown>)) }
  }

  test('events are complete and in order, the end is one line', () => {
    const { lines, reporter } = record()
    play(reporter, GOOD.run)
    reporter.close()
    reporter.close()
    expect(lines.filter(({ type }) => type === 'event').map(({ event }) => event)).toEqual(GOOD.run.events)
    expect(lines.at(-1)).toEqual({
      type: 'end',
      run: GOOD.run.name,
      release: 'tally',
      namespace: 'shop',
      kind: 'upgrade',
      phase: 'DONE',
      outcome: 'done',
    })
    expect(lines.filter(({ type }) => type === 'end')).toHaveLength(1)
  })

  test('a parked run ends with its error and its next command', () => {
    const { lines, reporter } = record()
    reporter.state(PARKED.run, PARKED.state)
    reporter.close()
    expect(lines.at(-1)).toMatchObject({
      outcome: 'parked',
      step: 'migrate',
      next: 'pawl recover tally -n shop',
      error: { code: 'migration-failed' },
    })
  })

  test('progress is thinned out, its last word is not', () => {
    const { lines, reporter } = record()
    reporter.state(BEFORE_BACKUP.run, BEFORE_BACKUP.state)
    lines.length = 0
    for (let tenth = 0; tenth <= 20; tenth += 1) {
      reporter.progress('backup', { phase: 'store', bytes: tenth, bytesTotal: 20 })
      vi.advanceTimersByTime(100)
    }
    expect(lines.map(({ progress }) => (progress as { bytes: number }).bytes)).toEqual([0, 10, 20])
    expect(lines[0]).toEqual({
      type: 'progress',
      run: GOOD.run.name,
      at: '2026-11-23T17:00:13.000Z',
      step: 'backup',
      progress: { phase: 'store', bytes: 0, bytesTotal: 20 },
      left: null,
    })
    expect(lines[1]).toMatchObject({ left: { seconds: 1, estimated: false } })
  })
})

describe('tty', () => {
  const still = (run: Run): string[] => {
    const paint = paintWith(false)
    const state = fold(run.events)
    return [...treeLines(run, state, { paint, now: new Date() }), ...endLines(run, state, paint)].map((line) =>
      line.trimEnd(),
    )
  }

  test('draws in place: after everything the screen holds one tree', () => {
    const screen = createScreen(200)
    const reporter = reporterTo('tty', (text) => screen.write(text), 200)
    for (let count = 1; count <= GOOD.run.events.length; count += 1) {
      const events = GOOD.run.events.slice(0, count)
      reporter.state({ ...GOOD.run, events }, fold(events))
      reporter.progress('backup', { phase: 'dump', role: `r${count}`, bytes: count })
      vi.advanceTimersByTime(300)
    }
    reporter.close()
    expect(screen.lines()).toEqual([...still(GOOD.run), ''])
  })

  test('a window narrower than the tree still holds one tree', () => {
    const screen = createScreen(60)
    const reporter = createReporter({ mode: 'tty', out: screen, colour: true, width: () => 60, now: () => new Date() })
    reporter.state(BEFORE_BACKUP.run, BEFORE_BACKUP.state)
    vi.advanceTimersByTime(2_200)
    const lines = screen.lines()
    expect(lines).toHaveLength(still(BEFORE_BACKUP.run).length + 1)
    expect(lines.filter((line) => line.includes('▸ backup'))).toHaveLength(1)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60)
    reporter.close()
  })

  test('after the window got narrower the cursor goes up over the wrapped lines too', () => {
    let columns = 80
    const written: string[] = []
    const out = { write: (text: string) => written.push(text) }
    const reporter = createReporter({ mode: 'tty', out, colour: false, width: () => columns, now: () => new Date() })
    reporter.state(BEFORE_BACKUP.run, BEFORE_BACKUP.state)
    vi.advanceTimersByTime(200)
    columns = 30
    vi.advanceTimersByTime(2_000)
    const drawn = (written[0] ?? '').replaceAll('\u001b[K', '').split('\n').slice(0, -1)
    const wrapped = drawn.reduce((sum, line) => sum + Math.ceil(line.replace('\r', '').length / 30), 0)
    expect(written[1]?.startsWith(`\u001b[${wrapped}A`)).toBe(true)
    expect(wrapped).toBeGreaterThan(drawn.length)
    reporter.close()
  })

  test('a terminal that says it is 0 wide is taken for a usual one', () => {
    const screen = createScreen(80)
    const reporter = reporterTo('tty', (text) => screen.write(text), 0)
    reporter.state(BEFORE_BACKUP.run, BEFORE_BACKUP.state)
    vi.advanceTimersByTime(3_000)
    expect(screen.lines()).toHaveLength(still(BEFORE_BACKUP.run).length + 1)
    expect(screen.lines()[0]).toContain('Upgrade of tally -n shop')
    reporter.close()
  })

  test('at most ten drawings a second, and one a second when nothing is said', () => {
    const screen = createScreen(100)
    const reporter = reporterTo('tty', (text) => screen.write(text))
    reporter.state(BEFORE_BACKUP.run, BEFORE_BACKUP.state)
    for (let ms = 0; ms < 1_000; ms += 5) {
      reporter.progress('backup', { phase: 'dump', bytes: ms })
      vi.advanceTimersByTime(5)
    }
    expect(screen.writes).toBeLessThanOrEqual(10)
    expect(screen.writes).toBeGreaterThan(5)
    const before = screen.writes
    vi.advanceTimersByTime(5_000)
    expect(screen.writes - before).toBeLessThanOrEqual(6)
    reporter.close()
  })

  test('nothing is drawn after the end', () => {
    const screen = createScreen(100)
    const reporter = reporterTo('tty', (text) => screen.write(text))
    play(reporter, PARKED.run)
    reporter.close()
    const { writes } = screen
    vi.advanceTimersByTime(5_000)
    reporter.close()
    expect(screen.writes).toBe(writes)
    expect(screen.lines().join('\n')).toContain('next: pawl recover tally -n shop')
  })
})
