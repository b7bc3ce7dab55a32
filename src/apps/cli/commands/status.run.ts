// pawl status: what runs, as pods, Helm's record and the product's own configuration say; unknown is printed as unknown.
import { readStatus } from '../../../steps/preflight/status.ts'
import { textOption, type Options } from '../define.ts'
import { renderStatus } from '../render/status.ts'
import { PawlError } from '../../../core/errors.ts'
import type { Charts } from '../../../ports/charts.ts'
import { findInstallation, targetOf, type Session } from '../session.ts'

export async function status(session: Session, args: string[], options: Options): Promise<number> {
  const target = await targetOf(session, args[0])
  const [installation, records] = await Promise.all([findInstallation(target), session.doors.records(target.cluster)])
  const profile = textOption(options, 'profile')
  const charts = installation?.charts === undefined ? {} : { charts: await session.doors.charts(installation.charts).catch(() => unreadable(installation.charts ?? '')) }
  const seen = await readStatus(
    { cluster: target.cluster, records, parseYaml: (text) => session.doors.parseYaml(text), today: () => session.doors.today(), profiles: session.doors.profiles, ...charts },
    { release: target.release, namespace: target.namespace, ...(installation === undefined ? {} : { installation }), ...(profile === undefined ? {} : { profile }) },
  )
  if (session.global.output === 'json') session.terminal.write(`${JSON.stringify(seen)}\n`)
  else session.terminal.write(renderStatus(seen, session.terminal.colour))
  return 0
}

/** Status is about what runs: charts that cannot be read make the newest release unknown, and nothing else. */
function unreadable(where: string): Charts {
  const refuse = (): Promise<never> => Promise.reject(new PawlError({ code: 'store-unreadable', message: `charts cannot be read from ${where}` }))
  return { where, list: refuse, fetch: refuse, read: refuse }
}
