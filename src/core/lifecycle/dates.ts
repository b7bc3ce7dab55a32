// Calendar days as `YYYY-MM-DD` in UTC: comparable as text, free of clocks and time zones.

/** A day, for example `2026-03-09`. */
export type Day = string

export function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}

export function dayOf(year: number, month: number, day: number): Day {
  return `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
}

/** The UTC day of a moment. */
export function dayAt(moment: Date): Day {
  return moment.toISOString().slice(0, 10)
}

function parts(day: Day): [number, number, number] {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number)
  return [year, month, date]
}

export function isDay(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`)
  return /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(at.getTime()) && dayAt(at) === text
}

/** The same day some months later; the last day of the month where that month is shorter. */
export function addMonths(day: Day, months: number): Day {
  const [year, month, date] = parts(day)
  const total = year * 12 + (month - 1) + months
  const [toYear, toMonth] = [Math.floor(total / 12), (total % 12) + 1]
  return dayOf(toYear, toMonth, Math.min(date, daysInMonth(toYear, toMonth)))
}

/** Days from one to the other; negative where `to` comes before `from`. */
export function daysBetween(from: Day, to: Day): number {
  const at = (day: Day): number => Date.UTC(parts(day)[0], parts(day)[1] - 1, parts(day)[2])
  return Math.round((at(to) - at(from)) / 86_400_000)
}

export function addDays(day: Day, days: number): Day {
  const [year, month, date] = parts(day)
  return dayAt(new Date(Date.UTC(year, month - 1, date + days)))
}
