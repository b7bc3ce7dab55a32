// pawl backup schedule: puts the CronJob in, shows it, takes it out.
import { PawlError } from '../../../core/errors.ts'
import type { Installation } from '../../../core/resources.ts'
import { argumentsOf, parseSchedule, type Schedule } from '../../../core/schedule/schedule.ts'
import { deployedIn, readHistory } from '../../../steps/preflight/history.ts'
import { releaseNotFound } from '../../../steps/preflight/managers.ts'
import { keptCharts } from '../../../steps/preflight/kept-chart.ts'
import { readCronJob } from '../../../steps/schedule/read.ts'
import { plannedObjects, putSchedule, removeSchedule } from '../../../steps/schedule/schedule.ts'
import { flag, textOption, type Options } from '../define.ts'
import { effortOption } from '../effort-options.ts'
import { settledImages } from '../images-option.ts'
import { renderYaml } from '../render/guard.ts'
import { renderSchedule, renderScheduleRemoved } from '../render/schedule.ts'
import { scheduledImages, workOption } from '../schedule-option.ts'
import { installationOf, targetOf, type Session, type Target } from '../session.ts'

export async function backupSchedule(session: Session, args: string[], options: Options): Promise<number> {
  const cron = textOption(options, 'cron')
  const [wantsShown, wantsRemoved] = [flag(options, 'show'), flag(options, 'remove')]
  if ([cron !== undefined, wantsShown, wantsRemoved].filter(Boolean).length > 1)
    throw usage('--cron, --show and --remove are three different things: give one of them')
  const target = await targetOf(session, args[0])
  if (wantsRemoved) return await remove(session, target)
  if (cron !== undefined) return await put(session, target, cron, options)
  return await show(session, target)
}

async function put(session: Session, target: Target, cron: string, options: Options): Promise<number> {
  const { namespace, release } = target
  const { doors, terminal, global } = session
  const timeZone = textOption(options, 'timeZone') ?? 'Etc/UTC'
  const work = workOption(options)
  const asked = scheduledImages(work, options)
  const schedule: Schedule = {
    release,
    namespace,
    cron,
    timeZone,
    ...work,
    ...(await settledImages(target.cluster, asked)),
    effort: effortOption(options),
  }
  const { next } = (await doors.timetable())(cron, timeZone, doors.clock.now())
  const installation = await installationOf(target)
  const objects = await plannedObjects(target, schedule, installation, session.stop)
  if (schedule.what === 'backup') await refuseUnreachableChart(session, target, installation)
  const dryRun = flag(options, 'dryRun')
  if (!dryRun) await putSchedule(target, objects, session.stop)
  const times = next.map((time) => time.toISOString())
  if (global.output === 'json')
    terminal.write(`${JSON.stringify({ schedule, next: times, dryRun, ...(dryRun ? { objects } : {}) })}\n`)
  else if (dryRun) terminal.write(renderYaml(objects))
  else terminal.write(renderSchedule({ ...schedule, next: times }, terminal.colour))
  return 0
}

async function show(session: Session, target: Target): Promise<number> {
  const { doors, terminal, global } = session
  const object = await readCronJob(target, session.stop)
  const found = object === undefined ? undefined : parseSchedule(object, target.release)
  if (object === undefined || found === undefined) {
    const { release, namespace } = target
    throw new PawlError({
      code: 'backup-not-found',
      message: `release ${release} has no schedule`,
      hint: 'Make one with "pawl backup schedule {release} -n {namespace} --cron ...".',
      facts: { release, namespace },
    })
  }
  const { next } = (await doors.timetable())(found.cron, found.timeZone, doors.clock.now())
  const said = {
    ...found,
    next: found.suspended ? [] : next.map((time) => time.toISOString()),
    runs: argumentsOf(object),
  }
  terminal.write(global.output === 'json' ? `${JSON.stringify(said)}\n` : renderSchedule(said, terminal.colour))
  return 0
}

async function remove({ terminal, global, stop }: Session, target: Target): Promise<number> {
  const removed = await removeSchedule(target, stop)
  terminal.write(
    global.output === 'json' ? `${JSON.stringify({ removed })}\n` : renderScheduleRemoved(target.release, removed),
  )
  return 0
}

/** A set holds the chart of what is installed: a directory of this machine is not where a pod finds it. */
async function refuseUnreachableChart(session: Session, target: Target, installation: Installation): Promise<void> {
  const { charts: where } = installation
  if (where !== undefined && /^[a-z]+:\/\//.test(where)) return
  const { doors, stop } = session
  const { cluster, namespace, release } = target
  const refuse = (): Promise<never> =>
    Promise.reject(
      new PawlError({
        code: 'input-invalid',
        message: `the chart of ${release} is known from ${where ?? 'nowhere'} only, where no pod finds it, and no backup set holds it yet`,
        unchanged: 'Nothing was changed.',
        hint: 'Take one with "pawl backup create {release} -n {namespace}": the chart is kept with it, and later ones take it from there.',
        facts: { release, namespace },
      }),
    )
  const history = await readHistory(await doors.records(cluster), { release, namespace }, stop)
  const chart = (deployedIn(history) ?? history[0])?.chart
  if (chart === undefined) throw releaseNotFound({ release, namespace })
  const source = { where: where ?? 'nowhere', list: refuse, fetch: refuse, read: refuse }
  await keptCharts({ cluster, namespace, release, sha256: doors.sha256 }, source).fetch(chart.name, chart.version, stop)
}

function usage(message: string): PawlError {
  return new PawlError({ code: 'usage', message, unchanged: 'Nothing was changed.' })
}
