// pawl profile explain: by given values and a chart version, or by the release in the cluster.
import { PawlError } from '../../../core/errors.ts'
import { known } from '../../../core/plan/facts.ts'
import { databasesOf } from '../../../core/profile/databases.ts'
import { explain } from '../../../core/profile/explain.ts'
import type { Explained } from '../../../core/profile/explain.ts'
import type { Profile } from '../../../core/profile/profile.ts'
import type { TrapScope } from '../../../core/profile/traps.ts'
import { coalesceValues } from '../../../core/profile/values.ts'
import { objectsOf } from '../../../core/rendered/objects.ts'
import { from } from '../../../steps/preflight/deps.ts'
import { liveDatabases } from '../../../steps/preflight/live-databases.ts'
import { readRecords, scopeOf } from '../../../steps/preflight/record.ts'
import { traitsOf } from '../../../steps/preflight/traps.ts'
import { userValues } from '../../../steps/preflight/values.ts'
import { listOption, textOption, type Options } from '../define.ts'
import { readValuesFiles } from '../planning.ts'
import { soundProfile } from '../profile-source.ts'
import { renderExplanation } from '../render/profile-explain.ts'
import { targetOf, type Session } from '../session.ts'

export async function profileExplain(session: Session, args: string[], options: Options): Promise<number> {
  const profile = await soundProfile(session, args[0])
  const chart = textOption(options, 'chart')
  const explained =
    chart === undefined
      ? await explainRelease(session, profile, options)
      : await explainValues(session, profile, chart, options)
  const { global, terminal } = session
  terminal.write(
    global.output === 'json' ? `${JSON.stringify(explained)}\n` : renderExplanation(explained, terminal.colour),
  )
  return 0
}

async function explainValues(
  session: Session,
  profile: Profile,
  version: string,
  options: Options,
): Promise<Explained> {
  const { doors, global, stop } = session
  const parseYaml = await doors.yamlParser()
  const config = userValues({ parseYaml }, await readValuesFiles(session, listOption(options, 'values')))
  const where = textOption(options, 'charts')
  const archive =
    where === undefined ? undefined : await (await doors.charts(where)).fetch(profile.chart, version, stop)
  const { appVersion, annotations } = archive?.entry ?? { appVersion: '', annotations: {} }
  const defaults = archive === undefined ? {} : await doors.chartValues(archive)
  const chart = { name: profile.chart, version, appVersion, annotations }
  const values = coalesceValues(defaults, config)
  const release = { name: textOption(options, 'release') ?? profile.chart, namespace: global.namespace ?? 'default' }
  const installed = { ...chart, version: textOption(options, 'from') ?? version }
  const scope: TrapScope = {
    release,
    values,
    chart,
    before: { values, chart: installed },
    live: { passwordUrlSafe: {} },
  }
  const notes = ['The cluster was not asked: what the running release is told may be something else.']
  if (archive === undefined)
    notes.unshift(
      'Without --charts the chart\'s own defaults are missing: give all values, as "helm get values -a" prints them.',
    )
  return { ...explain(profile, scope), notes }
}

async function explainRelease(session: Session, profile: Profile, options: Options): Promise<Explained> {
  if (listOption(options, 'values').length > 0 || textOption(options, 'from') !== undefined)
    throw new PawlError({
      code: 'usage',
      message: '--values and --from go with --chart',
      unchanged: 'Nothing was changed.',
    })
  const { cluster, release, namespace } = await targetOf(session, textOption(options, 'release'))
  const records = await session.doors.records(cluster)
  const { installed, latest } = await readRecords({ records, profile }, { release, namespace }, session.stop)
  const record = installed ?? latest
  const scope = scopeOf(record)
  const look = { cluster, namespace, signal: session.stop }
  const databases = await from(known(scope), (found) => databasesOf(profile, found))
  const manifest = objectsOf(session.doors.parseYaml(record.manifest))
  const live = await from(databases, async (found) => await liveDatabases(look, found, manifest))
  const traits = await traitsOf(look, databases.known ? databases.value : [])
  const { values, chart } = scope
  const explanation = explain(profile, { ...scope, before: { values, chart }, live: traits })
  const notes = [
    'Traps are those of the installed chart and values; "pawl plan" looks for those on the way to another.',
  ]
  if (!live.known) notes.unshift(`What the running release is told cannot be said: ${live.why}`)
  return { ...explanation, ...(live.known ? { live: live.value } : {}), notes }
}
