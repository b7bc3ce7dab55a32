// pawl status: what runs, as pods, Helm's record and the product's own configuration say; unknown is printed as unknown.
import { beginStatusReads } from '../../../steps/preflight/status-reads.ts'
import { flag, textOption, type Options } from '../define.ts'
import { renderStatus } from '../render/status.ts'
import { PawlError } from '../../../core/errors.ts'
import type { Charts } from '../../../ports/charts.ts'
import type { Installation } from '../../../core/resources.ts'
import type { CelScope } from '../../../core/profile/cel.ts'
import type { Profile } from '../../../core/profile/profile.ts'
import type { Status } from '../../../core/status/status.ts'
import type { StatusDeps } from '../../../steps/preflight/status.ts'
import { findInstallation, notInitialised, targetOf, type Session, type Target } from '../session.ts'

export async function status(session: Session, args: string[], options: Options): Promise<number> {
  const { doors } = session
  const metrics = metricsOption(options)
  const target = await targetOf(session, args[0])
  const { release, namespace, cluster } = target
  // Everything that can be asked at once is under way before the rest of the program is loaded.
  const asked = findInstallation(target)
  const reads = beginStatusReads(cluster, await doors.records(cluster), { release, namespace })
  const { readStatus } = await import('../../../steps/preflight/status.ts')
  const installation = await asked
  const profile = textOption(options, 'profile')
  const charts =
    installation?.charts === undefined
      ? {}
      : { charts: await doors.charts(installation.charts).catch(() => unreadable(installation.charts ?? '')) }
  const seen = await readStatus(
    {
      cluster,
      parseYaml: (text) => doors.parseYaml(text),
      today: () => doors.today(),
      profiles: doors.profiles,
      rules: (known, scope) => doors.statusRules(cluster, known, scope),
      ...charts,
      history: doors.history,
      timetable: () => doors.timetable(),
      ...(flag(options, 'look') ? await looking(session, target, installation) : {}),
    },
    {
      release,
      namespace,
      ...(installation === undefined ? {} : { installation }),
      ...(profile === undefined ? {} : { profile }),
    },
    reads,
  )
  await say(session, seen, metrics, textOption(options, 'out'))
  return 0
}

/** Throws `usage`. */
function metricsOption(options: Options): boolean {
  const given = textOption(options, 'export')
  if (given === undefined && options['out'] === undefined) return false
  if (given === 'prometheus') return true
  const message = given === undefined ? '--out goes with --export' : `--export takes prometheus, got "${given}"`
  throw new PawlError({ code: 'usage', message, unchanged: 'Nothing was changed.' })
}

async function say(session: Session, seen: Status, metrics: boolean, out: string | undefined): Promise<void> {
  const { doors, terminal, global } = session
  const now = doors.clock.now()
  if (metrics && out !== undefined) await doors.writeFile(out, await doors.statusMetrics(seen, now))
  else if (metrics) terminal.write(await doors.statusMetrics(seen, now))
  else if (global.output === 'json') terminal.write(`${JSON.stringify(seen)}\n`)
  else terminal.write(renderStatus(seen, now, terminal.colour))
}

async function looking(
  session: Session,
  target: Target,
  installation: Installation | undefined,
): Promise<Pick<Required<StatusDeps>, 'look' | 'newestPackage'>> {
  return {
    look: await databaseLook(session, target, installation),
    newestPackage: async (profile, scope) => await newestPackageOf(session, profile, scope),
  }
}

/** Databases are reached the way a backup reaches them: until `pawl init` has said how, they are unknown. */
async function databaseLook(
  { doors, stop }: Session,
  target: Target,
  installation: Installation | undefined,
): Promise<Required<StatusDeps>['look']> {
  if (installation === undefined) return () => Promise.reject(notInitialised(target))
  const { clock, ids } = doors
  const { cluster } = target
  const parseYaml = (text: string): unknown[] => doors.parseYaml(text)
  const dataPlane = await doors.dataPlane(cluster, installation)
  const { lookAtInstalled } = await import('../../../steps/preflight/status-look.ts')
  return async (profile, record) =>
    await lookAtInstalled({ cluster, dataPlane, clock, ids, parseYaml }, profile, record, stop)
}

async function newestPackageOf(session: Session, profile: Profile, scope: CelScope): Promise<string> {
  if (profile.packages === undefined)
    throw new PawlError({ code: 'unknown-state', message: 'where its packages are kept the profile does not say' })
  const [{ packageTools }, { newestPackageFor }] = await Promise.all([
    import('../package-source.ts'),
    import('../../../steps/package/source.ts'),
  ])
  const { deps } = await packageTools(session, { profile: profile.name, mode: 'k8s' })
  const newest = await newestPackageFor(deps, scope.values, session.stop)
  if (newest !== undefined) return newest.version.text
  throw new PawlError({ code: 'unknown-state', message: 'the vendor keeps no finished package for it' })
}

/** Status is about what runs: charts that cannot be read make the newest release unknown, and nothing else. */
function unreadable(where: string): Charts {
  const refuse = (): Promise<never> =>
    Promise.reject(new PawlError({ code: 'store-unreadable', message: `charts cannot be read from ${where}` }))
  return { where, list: refuse, fetch: refuse, read: refuse }
}
