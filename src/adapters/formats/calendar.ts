// The ends of support as a calendar people can subscribe to (iCalendar, RFC 5545): one all-day event for each release.
import ical, { ICalCalendarMethod, ICalEventTransparency } from 'ical-generator'
import type { Cycle } from '../../core/lifecycle/cycles.ts'
import type { Day } from '../../core/lifecycle/dates.ts'

/** The same releases give the same text, whoever makes it and whenever: nothing in it is random or of now. */
export function calendarOf({ name: id, title }: { name: string; title: string }, cycles: readonly Cycle[]): string {
  const calendar = ical({
    name: `${title}: end of support`,
    prodId: { company: 'Pawl', product: 'lifecycle', language: 'EN' },
    method: ICalCalendarMethod.PUBLISH,
  })
  const stamp = at(lastChange(cycles))
  for (const { name, until, latest } of cycles) {
    calendar.createEvent({
      id: `${id}-${name}-end-of-support@pawl.dev`,
      stamp,
      start: at(until),
      allDay: true,
      summary: `${title} ${name}: last day of support`,
      description: `Plan the upgrade before this day. Newest version of this release: ${latest.version}.`,
      transparency: ICalEventTransparency.TRANSPARENT,
    })
  }
  return calendar.toString()
}

function lastChange(cycles: readonly Cycle[]): Day {
  const days = cycles.flatMap(({ released, latest }) => [released, latest.published ?? released])
  return days.toSorted().at(-1) ?? '1970-01-01'
}

function at(day: Day): Date {
  return new Date(`${day}T00:00:00Z`)
}
