// From options to a plan: shared by pawl plan, pawl upgrade, pawl backup and pawl recover.
import { PawlError } from '../../core/errors.ts'
import { acceptedGates, buildPlan, refusalOf } from '../../core/plan/build.ts'
import type { Plan } from '../../core/plan/plan.ts'
import { mergeReleases } from '../../core/releases/merge.ts'
import type { Installation } from '../../core/resources.ts'
import type { PreflightDeps, ValuesFile } from '../../steps/preflight/deps.ts'
import { gatherFacts } from '../../steps/preflight/upgrade.ts'
import type { Charts } from '../../ports/charts.ts'
import type { Files } from '../../steps/release/files.ts'
import { listOption, textOption, type Options } from './define.ts'
import { trustedSources } from './known-releases.ts'
import { stagingOf } from './recovery-option.ts'
import { sourceLoadOption } from './source-load-option.ts'
import { profileNamed, type Session, type Target } from './session.ts'

export interface Planned {
  plan: Plan
  refusal: PawlError | undefined
  /** Charts and values files the run will need, for its Secret. */
  files: Files
}

/** Builds the plan from what is there now. Throws only where nothing could be planned at all. */
export async function makePlan(
  session: Session,
  target: Target,
  installation: Installation,
  options: Options,
): Promise<Planned> {
  const to = textOption(options, 'to')
  if (to === undefined)
    throw new PawlError({
      code: 'usage',
      message: 'say where to go with --to VERSION',
      unchanged: 'Nothing was changed.',
    })
  const where = textOption(options, 'charts') ?? installation.charts
  if (where === undefined) throw chartsMissing()
  const valuesFiles = await readValuesFiles(session, listOption(options, 'values'))
  const deps = await preflightDeps(session, target, installation, where, options)
  const { facts, files } = await gatherFacts(deps, {
    to,
    valuesFiles,
    staging: stagingOf(options, installation),
    ...sourceLoadOption(options),
    signal: session.stop,
  })
  const sha256 = (text: string): string => session.doors.sha256(text)
  const names = listOption(options, 'accept')
  const { clock, who } = session.doors
  const accepted = acceptedGates(buildPlan(facts, [], sha256), names, who.name, clock.now().toISOString())
  const plan = buildPlan(facts, accepted, sha256)
  return { plan, refusal: refusalOf(plan), files }
}

export async function readValuesFiles(session: Session, paths: readonly string[]): Promise<ValuesFile[]> {
  return await Promise.all(
    paths.map(async (path) => ({
      name: path,
      content: Buffer.from(await session.doors.readFile(path)).toString('utf8'),
    })),
  )
}

export async function preflightDeps(
  session: Session,
  target: Target,
  installation: Installation,
  charts: string | undefined,
  options: Options = {},
): Promise<PreflightDeps> {
  const { doors, global } = session
  const profile = profileNamed(session, installation.profile)
  const known = mergeReleases(await trustedSources(session, profile, options), profile.versionScheme).releases
  return {
    cluster: target.cluster,
    helm: await doors.helm(global, target.cluster),
    records: await doors.records(target.cluster),
    charts: charts === undefined ? NO_CHARTS : await doors.charts(charts),
    dataPlane: await doors.dataPlane(target.cluster, installation),
    profile,
    knownReleases: known,
    withFiles: doors.withFiles,
    parseYaml: (text) => doors.parseYaml(text),
    sha256: (bytes) => doors.sha256(bytes),
    chartValues: (archive) => doors.chartValues(archive),
    installation,
    clock: doors.clock,
    ids: doors.ids,
    today: () => doors.today(),
  }
}

/** Stands in where nobody said where charts are: a command that needs none works all the same. */
const NO_CHARTS: Charts = {
  where: 'nowhere',
  list: () => Promise.reject(chartsMissing()),
  fetch: () => Promise.reject(chartsMissing()),
  read: () => Promise.reject(chartsMissing()),
}

function chartsMissing(): PawlError {
  return new PawlError({
    code: 'usage',
    message: 'say where the charts are with --charts (or once with "pawl init --charts")',
    unchanged: 'Nothing was changed.',
  })
}
