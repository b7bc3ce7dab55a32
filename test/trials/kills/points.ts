// Where a trial kills, and whom. A point is a place in the work, not a time: the same on every machine.
import type { Spot } from './trap.ts'
import type { Descendant, Victim } from './victims.ts'

/** `stage`: the proof beside the live databases, whose copies stay; `drop`: what is done with them when nobody needs them. */
export type Work = 'backup' | 'prove' | 'stage' | 'restore' | 'swap' | 'drop'

export interface Point {
  work: Work
  kill: Victim
  at: Spot | { seen: Descendant } | { objects: number }
  /** The short run takes these. */
  short?: true
}

function spot(way: Spot['way'], moment: Spot['moment'], matching: RegExp, nth: number): Spot {
  return { way, moment, matching, nth }
}

const before = (matching: RegExp, nth = 1): Spot => spot('sql', 'before', matching, nth)
const after = (matching: RegExp, nth = 1): Spot => spot('sql', 'after', matching, nth)
const asking = (matching: RegExp, nth = 1): Spot => spot('store', 'before', matching, nth)
const answered = (matching: RegExp, nth = 1): Spot => spot('store', 'after', matching, nth)

const EXPORT = /pg_export_snapshot/
const LOCK = /^lock table/
const DUMPS_LOCK = /^LOCK TABLE/
const DIGEST = /hashtextextended/
const COPY = /^COPY /
const INDEX = /^(?:CREATE (?:UNIQUE )?INDEX|ALTER TABLE ONLY .* ADD CONSTRAINT)/s
const CREATE = /^create database/
const COMMENT = /^comment on database/
const ALLOW = /allow_connections/
const RENAME = /rename to/
const DROP = /^drop database/
const PUT_DATA = /^PUT \S+\/data\//
const GET_DATA = /^GET \S+\/data\//
const PART = /^PUT \S+partNumber=1/
const COMPLETE = /^POST \S+uploadId=/
const PUT_MANIFEST = /^PUT \S+\/manifest\.json/
const GET_MANIFEST = /^GET \S+\/manifest\.json/
const PUT_PROOF = /^PUT \S+\/proof-/

function program(work: Work, at: Point['at'], short?: true): Point {
  return { work, kill: 'the program', at, ...(short === undefined ? {} : { short }) }
}

function other(work: Work, kill: Victim, at: Point['at'], short?: true): Point {
  return { work, kill, at, ...(short === undefined ? {} : { short }) }
}

export const POINTS: readonly Point[] = [
  program('backup', answered(/list-type=2/)),
  program('backup', after(LOCK)),
  program('backup', before(EXPORT)),
  program('backup', after(EXPORT)),
  program('backup', before(DIGEST)),
  program('backup', after(DIGEST, 5)),
  program('backup', before(DUMPS_LOCK)),
  program('backup', before(COPY)),
  program('backup', after(COPY, 5), true),
  program('backup', asking(PUT_DATA)),
  program('backup', answered(PUT_DATA, 3)),
  program('backup', answered(PART), true),
  program('backup', asking(COMPLETE)),
  program('backup', answered(COMPLETE)),
  program('backup', asking(/^PUT \S+\/globals\.json/)),
  program('backup', answered(/^PUT \S+\/digests\.json/, 2)),
  program('backup', asking(/^PUT \S+\/release\//, 2)),
  program('backup', asking(PUT_MANIFEST)),
  program('backup', answered(PUT_MANIFEST)),
  program('backup', { objects: 1 }),
  program('backup', { objects: 12 }),
  other('backup', 'everything', before(COPY, 4)),
  other('backup', 'pg_dump', before(DUMPS_LOCK)),
  other('backup', 'pg_dump', before(COPY, 2)),
  other('backup', 'a worker of pg_dump', after(COPY, 3)),
  other('backup', 'the session at work', before(COPY, 3)),
  other('backup', 'the session at work', before(DIGEST, 2), true),
  other('backup', 'the holder of the snapshot', before(DIGEST)),
  other('backup', 'the holder of the snapshot', answered(PUT_DATA, 2)),

  program('prove', asking(GET_MANIFEST)),
  program('prove', answered(GET_MANIFEST)),
  program('prove', asking(GET_DATA)),
  program('prove', answered(GET_DATA, 6)),
  program('prove', { seen: 'the scratch server' }),
  program('prove', { seen: 'pg_restore' }, true),
  program('prove', { seen: 'a worker of pg_restore' }),
  program('prove', { seen: 'a digest on the scratch server' }),
  program('prove', asking(PUT_PROOF)),
  program('prove', answered(PUT_PROOF)),
  other('prove', 'everything', { seen: 'pg_restore' }),
  other('prove', 'everything', { seen: 'a digest on the scratch server' }),
  other('prove', 'the scratch server', asking(GET_DATA, 3)),
  other('prove', 'the scratch server', { seen: 'pg_restore' }),
  other('prove', 'what watches the scratch server', asking(GET_DATA, 3)),
  other('prove', 'a session of the scratch server', { seen: 'a session of the scratch server' }),
  other('prove', 'pg_restore', { seen: 'pg_restore' }),
  other('prove', 'a worker of pg_restore', { seen: 'a worker of pg_restore' }),

  program('stage', after(CREATE)),
  program('stage', asking(GET_DATA, 2)),
  program('stage', after(COPY, 5)),
  program('stage', before(INDEX, 2)),
  program('stage', after(DIGEST, 5)),
  program('stage', after(COMMENT, 2)),
  program('stage', after(ALLOW)),
  program('stage', before(COMMENT, 6)),
  program('stage', asking(PUT_PROOF)),
  program('stage', answered(PUT_PROOF)),
  other('stage', 'everything', before(COPY, 3)),
  other('stage', 'a worker of pg_restore', before(COPY, 4)),
  other('stage', 'the session at work', before(COPY, 5)),

  program('restore', before(CREATE)),
  program('restore', after(CREATE)),
  program('restore', before(COMMENT)),
  program('restore', after(COMMENT)),
  program('restore', asking(GET_DATA, 2)),
  program('restore', before(COPY)),
  program('restore', after(COPY, 5), true),
  program('restore', before(INDEX)),
  program('restore', before(DIGEST)),
  program('restore', after(DIGEST, 5)),
  program('restore', after(ALLOW)),
  program('restore', before(COMMENT, 2)),
  program('restore', after(COMMENT, 2)),
  program('restore', after(CREATE, 2)),
  program('restore', after(COMMENT, 4)),
  other('restore', 'everything', before(COPY, 3)),
  other('restore', 'everything', before(INDEX, 2)),
  other('restore', 'pg_restore', before(COPY, 2)),
  other('restore', 'a worker of pg_restore', after(COPY, 3)),
  other('restore', 'the session at work', before(COPY, 4)),
  other('restore', 'the session at work', before(INDEX, 3)),

  program('swap', before(ALLOW)),
  program('swap', after(ALLOW, 4)),
  program('swap', after(/pg_terminate_backend/)),
  program('swap', before(RENAME)),
  program('swap', after(RENAME, 3)),
  program('swap', before(/^commit/)),
  program('swap', after(/^commit/)),
  program('swap', before(COMMENT)),
  program('swap', after(COMMENT, 4)),
  program('swap', after(ALLOW, 6)),
  other('swap', 'the session at work', after(RENAME, 2), true),
  other('swap', 'the session at work', before(/^commit/)),
  other('swap', 'the session at work', after(/^commit/)),

  program('drop', before(DROP)),
  program('drop', after(DROP)),
  program('drop', after(DROP, 2)),
  other('drop', 'the session at work', before(DROP, 2)),
]

export function nameOf({ work, kill, at }: Point): string {
  const place = (): string => {
    if ('seen' in at) return `when ${at.seen} is there`
    if ('objects' in at) return `at object ${at.objects} in a directory`
    const which = at.nth === 1 ? '' : ` ${at.nth}`
    return `${at.moment} ${at.matching.source}${which}`
  }
  return `${work}: ${kill} killed ${place()}`
}

/** How many of the points of each kind of work were survived, and who was killed there. */
export function summaryOf(points: readonly Point[], survived: readonly Point[]): string {
  const works = [...new Set(points.map(({ work }) => work))].map((work) => {
    const count = (all: readonly Point[]): number => all.filter((point) => point.work === work).length
    return `${work} ${count(survived)}/${count(points)}`
  })
  const own = survived.filter(({ kill }) => kill === 'the program').length
  const victims = `${own} times the program, ${survived.length - own} times others`
  return `survived: ${works.join(', ')}; ${survived.length} of ${points.length} points (${victims})`
}
