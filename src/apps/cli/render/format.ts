// Sizes, counts, durations and rates for people.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** `12 B`, `1.4 KiB`, `230 MiB`: three digits at most, 1024 to the next unit. */
export function formatBytes(bytes: number): string {
  let [value, unit] = [bytes, 0]
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 || value >= 9.95 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit] ?? 'B'}`
}

/** `1 234 567`, with a narrow no-break space; takes the decimal texts that row counts come as. */
export function formatCount(count: number | string | bigint): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f')
}

export function plural(count: number | string, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${String(count) === '1' ? one : many}`
}

/** `0.4 s`, `12 s`, `3 min 5 s`, `2 h 10 min`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 0.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3_600) return two(Math.floor(whole / 60), 'min', whole % 60, 's')
  const minutes = Math.round(whole / 60)
  if (minutes < 1_440) return two(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  const hours = Math.round(minutes / 60)
  return two(Math.floor(hours / 24), 'd', hours % 24, 'h')
}

function two(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`
}

export function formatBytesRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`
}

export function formatRowsRate(rowsPerSecond: number): string {
  return `${formatCount(Math.round(rowsPerSecond))} rows/s`
}

/** Of two ISO times, or from one until `now`; `undefined` where one cannot be read. */
export function millisecondsBetween(from: string | undefined, to: string | Date | undefined): number | undefined {
  const [start, end] = [Date.parse(from ?? ''), to instanceof Date ? to.getTime() : Date.parse(to ?? '')]
  return Number.isNaN(start) || Number.isNaN(end) ? undefined : end - start
}

/** `2026-11-23 17:15:00Z`, which sorts and needs no time zone; the text itself where it is not a time. */
export function formatTime(iso: string): string {
  const at = Date.parse(iso)
  if (Number.isNaN(at)) return iso === '' ? 'unknown' : iso
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`
}

/** `2026-11-23 17:15:00Z (5 min ago)`. */
export function formatAge(iso: string, now: Date): string {
  const ms = millisecondsBetween(iso, now)
  if (ms === undefined) return formatTime(iso)
  return `${formatTime(iso)} (${formatDuration(ms)} ago)`
}

/** The beginning of a digest or hash, enough to compare by eye. */
export function shortHash(hash: string): string {
  return hash.replace(/^sha256:/, '').slice(0, 12)
}
