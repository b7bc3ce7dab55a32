// pawl status: what runs, as pods, Helm's record and the product's own configuration say; unknown is printed as unknown.
import { beginStatusReads } from '../../../steps/preflight/status-reads.ts'
import { textOption, type Options } from '../define.ts'
import { renderStatus } from '../render/status.ts'
import { PawlError } from '../../../core/errors.ts'
import type { Charts } from '../../../ports/charts.ts'
import { findInstallation, targetOf, type Session } from '../session.ts'

export async function status(session: Session, args: string[], options: Options): Promise<number> {
  const { doors, terminal } = session
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
    },
    {
      release,
      namespace,
      ...(installation === undefined ? {} : { installation }),
      ...(profile === undefined ? {} : { profile }),
    },
    reads,
  )
  if (session.global.output === 'json') terminal.write(`${JSON.stringify(seen)}\n`)
  else terminal.write(renderStatus(seen, terminal.colour))
  return 0
}

/** Status is about what runs: charts that cannot be read make the newest release unknown, and nothing else. */
function unreadable(where: string): Charts {
  const refuse = (): Promise<never> =>
    Promise.reject(new PawlError({ code: 'store-unreadable', message: `charts cannot be read from ${where}` }))
  return { where, list: refuse, fetch: refuse, read: refuse }
}
