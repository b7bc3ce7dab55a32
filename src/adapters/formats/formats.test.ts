import { expect, test, vi } from 'vitest'
import type { Cycle } from '../../core/lifecycle/cycles.ts'
import { calendarOf } from './calendar.ts'
import { metricsOf } from './metrics.ts'

const product = { name: 'carto', title: 'CARTO Self-Hosted' }

const CYCLES: Cycle[] = [
  {
    name: '2025.11.11',
    released: '2025-11-11',
    until: '2026-11-11',
    support: { state: 'ended', until: '2026-11-11', daysLeft: -12 },
    latest: { version: '2025.11.11', chartVersion: '1.228.1', published: '2025-11-27' },
  },
  {
    name: '2026.7.16',
    released: '2026-07-16',
    until: '2027-07-16',
    support: { state: 'supported', until: '2027-07-16', daysLeft: 235 },
    latest: { version: '2026.7.16', chartVersion: '1.280.1', published: '2026-07-23' },
  },
]

function linesOf(text: string, name: string): string[] {
  return text.split(/\r?\n/).filter((line) => line.startsWith(name))
}

test('the calendar has one all-day event for each release, with names that stay', () => {
  const text = calendarOf(product, CYCLES)
  expect(linesOf(text, 'DTSTART')).toEqual(['DTSTART;VALUE=DATE:20261111', 'DTSTART;VALUE=DATE:20270716'])
  expect(linesOf(text, 'UID')).toEqual([
    'UID:carto-2025.11.11-end-of-support@pawl.dev',
    'UID:carto-2026.7.16-end-of-support@pawl.dev',
  ])
  expect(linesOf(text, 'SUMMARY')[0]).toBe('SUMMARY:CARTO Self-Hosted 2025.11.11: last day of support')
  // RFC 5545, 3.1: lines end with CR LF and hold 75 octets at most.
  expect(text.split('\r\n').every((line) => Buffer.byteLength(line) <= 75 && !line.includes('\n'))).toBe(true)
})

test('nothing in the calendar is of now', () => {
  const first = calendarOf(product, CYCLES)
  vi.useFakeTimers({ now: Date.parse('2031-01-01T00:00:00Z') })
  expect(calendarOf(product, CYCLES)).toBe(first)
  vi.useRealTimers()
  expect(linesOf(first, 'DTSTAMP')).toEqual(['DTSTAMP:20260723T000000Z', 'DTSTAMP:20260723T000000Z'])
})

test('metrics say when support ends: at the end of the last day', async () => {
  const text = await metricsOf('carto', CYCLES)
  const end = 'pawl_release_support_end_timestamp_seconds{product="carto",release="2025.11.11"}'
  expect(linesOf(text, end)).toEqual([`${end} ${Date.parse('2026-11-12T00:00:00Z') / 1000}`])
  expect(linesOf(text, 'pawl_release_supported{')).toEqual([
    'pawl_release_supported{product="carto",release="2025.11.11"} 0',
    'pawl_release_supported{product="carto",release="2026.7.16"} 1',
  ])
  expect(text).not.toContain('pawl_installed')
})

test('a state that is not known has no number', async () => {
  const unknown = CYCLES.map((cycle) => ({ ...cycle, support: { state: 'unknown' as const, why: 'clock' } }))
  const text = await metricsOf('carto', unknown)
  expect(linesOf(text, 'pawl_release_supported{')).toEqual([])
  expect(linesOf(text, 'pawl_release_support_end_timestamp_seconds{')).toHaveLength(2)
})

test('the installed release has metrics of its own', async () => {
  const text = await metricsOf('carto', [], {
    release: 'carto',
    namespace: 'maps',
    version: '2025.11.11',
    support: { state: 'ended', until: '2026-11-11', daysLeft: -12 },
  })
  expect(linesOf(text, 'pawl_installed_support_days{')).toEqual([
    'pawl_installed_support_days{product="carto",namespace="maps",helm_release="carto",version="2025.11.11"} -12',
  ])
})
